#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hangar/needs.hpp"
#include "hangar/storage.hpp"
#include "verify/shadow_tables.hpp"

namespace hangar {

/// One value that is stored otherwise than the events say.
struct Difference {
  std::string root;    ///< Primary key of the row that `row` belongs to, or of itself.
  std::string table;   ///< Where `row` is.
  std::string row;     ///< Its primary key; the parts of one of several columns by commas.
  std::string column;  ///< With a JSON pointer behind it where only a part of it differs.
  std::string derived;
  std::optional<std::string> stored;  ///< Nothing: the row is not stored.
};

/// Compares rows that were derived with those that a storage has. Reads only.
class Comparison {
 public:
  struct Outcome {
    std::uint64_t rows = 0;     ///< Rows that were looked for.
    std::uint64_t newer = 0;    ///< Of these: stored in a newer version, and not compared.
    std::uint64_t owned = 0;    ///< Of these: belong to a row of somebody else's.
    std::uint64_t gone = 0;     ///< Of those: deleted together with it.
    std::uint64_t expired = 0;  ///< Of these: not stored, and so old that they are deleted.
    /// Stored under another id, which earlier events that are not there any more may explain.
    std::uint64_t unclear = 0;
    std::uint64_t different = 0;            ///< Values that differ.
    std::vector<Difference> differences{};  ///< The first 1,000 of them.
    /// Somebody deletes old owners, but hardly those of most of what a stream still holds.
    [[nodiscard]] bool mostly_gone() const noexcept { return gone * 2 > owned; }
  };

  Comparison(Storage& storage, std::vector<Expires> expires)
      : storage_{storage}, expires_{std::move(expires)} {}

  /// Looks for these roots and what belongs to them, all in memory at a time. Throws what a session
  /// throws; then the outcome is as before.
  void compare(const ShadowTables& tables, std::span<const ShadowTables::Name> roots);
  [[nodiscard]] const Outcome& outcome() const noexcept { return outcome_; }

 private:
  struct Item {
    ShadowTables::Name name;
    std::string root;  ///< As a `Difference` shows it.
  };

  void compare_level(const ShadowTables& tables, std::size_t table, std::span<const Item> items,
                     std::vector<Item>& parts);
  void compare_row(const Table& table, const ShadowTables::Kept& kept, const std::string& root,
                   std::span<const Cell> stored);
  void judge_missing(const ShadowTables& tables, std::size_t table, std::span<const Item> missing);
  [[nodiscard]] bool is_expired(const Table& table, std::span<const Cell> cells) const;
  [[nodiscard]] bool owner_is_gone(const Table& table, std::span<const Cell> cells);
  Rows look_up(const Table& table, std::span<const Keys> keys,
               std::span<const std::size_t> columns);
  void add(Difference difference);

  Storage& storage_;
  std::vector<Expires> expires_;
  std::map<std::string, Table, std::less<>> owners_;
  Outcome outcome_;
};

}  // namespace hangar
