#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hangar/storage.hpp"
#include "verify/shadow_row.hpp"

namespace hangar {

/// The tables of one service in memory, with the contract of a Session's calls. A row whose table
/// refers to another one of the service belongs to the row that its first foreign key names; rows
/// that belong to none are roots, and what belongs to a root is dropped with it. What an insert
/// does not tell is the declared default, inferred or generated. A row that has no key but one that
/// is generated is another one in the database: it goes in, and is not kept.
///
/// With a sample only so many roots are kept, those whose keys have the least hashes under the
/// seed: as if they had been drawn, and each with everything that is ever written of it. Of the
/// others it says that they went in, and forgets them.
class ShadowTables {
 public:
  /// Names a row: its table, and its primary key as `key_text` has it.
  using Name = std::pair<std::size_t, std::string>;
  struct Kept {
    ShadowRow row;
    /// Whether the tables hold all that was written of it since `incomplete` was not said.
    bool whole = true;
    std::uint64_t touched = 0;
    std::uint64_t rank = 0;
    std::vector<Name> parts{};  ///< What belongs to it.
  };

  /// No sample: every root is kept.
  ShadowTables(std::optional<std::size_t> sample, std::uint64_t seed)
      : sample_{sample}, seed_{seed} {}

  /// Before anything is written. The tables outlive this.
  void declare(std::span<const Table* const> tables);
  [[nodiscard]] const Table& table(std::size_t number) const { return *tables_[number].table; }

  /// What is inserted from now on may have been written before, unknown to these tables.
  void incomplete() noexcept { whole_ = false; }

  // As in Session.
  [[nodiscard]] Rows find(const Table& table, std::span<const Keys> keys,
                          std::span<const std::size_t> columns) const;
  std::vector<bool> insert_missing(const Rows& rows);
  void update(const Rows& rows);
  [[nodiscard]] Rows scan(const Table& table, const Range& range,
                          std::span<const std::size_t> columns, std::size_t limit) const;
  /// What was added counts as inferred: it is what the database has only where these tables hold
  /// all that was written of the row.
  void add(const Rows& rows, std::span<const std::size_t> columns);
  /// Throws std::logic_error after a `drop`: the row may have been compared already, as one that
  /// must be there.
  std::size_t erase(const Table& table, std::span<const Keys> keys);

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t roots() const noexcept { return roots_; }
  /// Up to `most` of the roots, those first that were not written for longest.
  [[nodiscard]] std::vector<Name> longest_untouched(std::size_t most) const;
  /// Throws std::out_of_range for a row that is not there.
  [[nodiscard]] const Kept& at(const Name& name) const;
  /// Drops the root and what belongs to it, and no root that is inserted from now on counts as
  /// whole.
  void drop(const Name& root);

 private:
  struct UniqueKey {
    std::vector<std::size_t> columns;
    std::unordered_map<std::string, std::string> ids{};  ///< The primary key of each.
  };
  struct ShadowTable {
    const Table* table;
    std::optional<std::size_t>
        parent{};  ///< The table that the first foreign key names, by its `id`.
    std::unordered_map<std::string, Kept> rows{};  ///< By their primary keys.

    std::vector<UniqueKey> unique_keys{};
  };

  [[nodiscard]] std::size_t number_of(const Table& table) const;
  /// What a row belongs to, if anything.
  [[nodiscard]] static std::optional<std::string> parent_of(const ShadowTable& table,
                                                            std::span<const Cell> cells);
  [[nodiscard]] static bool conflicts(const ShadowTable& table, std::span<const Cell> cells);
  [[nodiscard]] std::uint64_t rank(const ShadowTable& table, std::span<const Cell> cells) const;
  [[nodiscard]] bool wanted(std::size_t number, std::span<const Cell> cells) const;
  void insert(std::size_t number, std::span<const Cell> cells);
  void note_keys(std::size_t number, std::span<const Cell> cells);
  [[nodiscard]] std::set<std::string> ids_of(const ShadowTable& table,
                                             std::span<const Keys> keys) const;
  /// Takes the row from what it belonged to.
  void detach(const Name& name, const std::optional<std::string>& parent);
  /// Gives the row to what it belongs to; one whose owner is not kept is not kept either.
  void attach(const Name& name);
  void erase(const Name& name);
  void keep_to_sample();

  std::optional<std::size_t> sample_;
  std::uint64_t seed_;
  std::vector<ShadowTable> tables_;
  std::set<std::pair<std::uint64_t, Name>> ranks_;  ///< Of the roots, with a sample.
  std::optional<std::uint64_t> cut_;                ///< The least rank that was ever dropped.
  bool whole_ = true;
  bool dropped_ = false;
  std::size_t bytes_ = 0;
  std::size_t roots_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace hangar
