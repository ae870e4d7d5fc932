#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar {

/// A row that owns its texts.
class ShadowRow {
 public:
  explicit ShadowRow(std::span<const Cell> cells) { keep({cells.begin(), cells.end()}); }
  ShadowRow(const ShadowRow&) = delete;
  ShadowRow& operator=(const ShadowRow&) = delete;
  ShadowRow(ShadowRow&&) noexcept = default;
  ShadowRow& operator=(ShadowRow&&) noexcept = default;
  ~ShadowRow() = default;

  [[nodiscard]] std::span<const Cell> cells() const noexcept { return cells_; }
  /// About what it takes of memory.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return sizeof *this + cells_.size() * sizeof(Cell) + texts_.size();
  }
  /// Takes the cells that are not absent; the others are what an earlier message told.
  void update(std::span<const Cell> cells);

 private:
  void keep(std::vector<Cell> cells);

  std::vector<Cell> cells_;
  std::vector<char> texts_;
};

}  // namespace hangar
