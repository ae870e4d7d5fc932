#include "verify/shadow_row.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace hangar {

void ShadowRow::update(std::span<const Cell> cells) {
  std::vector<Cell> merged = cells_;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    merged[column].update(cells[column]);
  }
  keep(std::move(merged));
}

void ShadowRow::keep(std::vector<Cell> cells) {
  std::size_t bytes = 0;
  for (const Cell& cell : cells) {
    bytes += cell.viewed().size();
  }
  std::vector<char> texts(bytes);
  char* end = texts.data();
  for (Cell& cell : cells) {
    if (!cell.is_view()) continue;
    char* const begin = end;
    end = std::ranges::copy(cell.viewed(), begin).out;
    cell = cell.moved_to({begin, end});
  }
  // Last: some of the texts were the old ones.
  cells_ = std::move(cells);
  texts_ = std::move(texts);
}

}  // namespace hangar
