#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/version.hpp"

/// Tables as data, and their rows. A service declares and fills them; see hangar/storage.hpp.
namespace hangar {

/// Sixteen bytes in network order.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;
};

}  // namespace hangar

template <>
struct std::hash<hangar::Uuid> {
  std::size_t operator()(const hangar::Uuid& id) const noexcept {
    // The halves of a UUIDv7 are a clock and random bits: this spreads them well enough.
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(id);
    return halves[0] * 0x9E3779B97F4A7C15U ^ halves[1];
  }
};

namespace hangar {

/// UTC, microseconds, proleptic Gregorian; the years 1 to 9999.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
using Interval = std::chrono::microseconds;

/// What a column holds. `json` is kept by value where the database can; `json_text` is kept byte
/// for byte. `float8` holds infinities, but not NaN.
enum class ColumnType {
  uuid,
  text,
  int4,
  timestamp,
  interval,
  json,
  enumeration,
  boolean,
  int8,
  float8,
  bytes,
  json_text,
};

struct Column {
  std::string_view name;
  ColumnType type = ColumnType::text;
  bool nullable = true;
  /// What the created table fills in by itself: empty, or a literal such as `0`, `true` or `{}`. Of
  /// a timestamp it is `now`, of an interval `0`; columns of type uuid and bytes have none.
  std::string_view default_value{};
};

struct Index {
  struct Part {
    std::size_t column = 0;
    bool descending = false;
  };
  std::string_view name;
  std::vector<Part> parts;
  bool unique = false;
  bool trigram = false;        ///< A substring index; storages that have none leave it out.
  std::string_view storage{};  ///< The only storage that has it; empty when every one does.
  /// The first release of another program that makes it, as `Prefect 3.9`: tables of an older one
  /// lack it for good reason. Empty when all have it.
  std::string_view since{};
  /// Over one `json` column, for what is contained in it; storages that have none leave it out.
  bool gin = false;

  [[nodiscard]] bool is_of(std::string_view name_of_storage) const noexcept {
    return storage.empty() || storage == name_of_storage;
  }
};

struct ForeignKey {
  std::size_t column = 0;
  std::string_view table;  ///< References this table's `id`, on delete cascade.
};

/// A table as data.
struct Table {
  std::string_view name;
  std::vector<Column> columns;
  std::vector<Index> indexes{};
  std::vector<ForeignKey> foreign_keys{};  ///< Only to tables of the same service.
  /// The one enumeration type that `enumeration` columns have.
  std::string_view enumeration_name{};
  std::vector<std::string_view> enumeration_values{};
  /// The column by which one tells the newer of two versions of a row; a row of a table without one
  /// never changes, but in its `counters`.
  std::optional<std::size_t> versioned_by{};
  /// Tables of others that take rows of this one along when theirs are deleted, by a uuid: neither
  /// checked nor created.
  std::vector<ForeignKey> owners{};
  /// The oldest program that makes such tables, for messages, as `Prefect 3.4.7`; empty when only
  /// Hangar does.
  std::string_view made_since{};
  /// One or several columns, none of them nullable, of type uuid, text, int4, int8, timestamp,
  /// boolean or bytes.
  std::vector<std::size_t> primary_key{0};
  /// The columns that the service adds to (`Session::add`). Rows of a table that has any, or that
  /// is `versioned_by` a column, are changed: `hangar doctor` asks for the right to, and tries it.
  std::vector<std::size_t> counters{};
  /// Whether the service deletes rows (`Session::erase`): the same for that.
  bool erased = false;
  /// Whether the service only reads rows: `hangar doctor` asks for no other right, and writes none.
  bool read_only = false;

  [[nodiscard]] bool in_primary_key(std::size_t column) const noexcept {
    for (const std::size_t part : primary_key) {
      if (part == column) return true;
    }
    return false;
  }
  /// Whether the primary key or a unique index has the column.
  [[nodiscard]] bool in_unique_key(std::size_t column) const noexcept {
    for (const Index& index : indexes) {
      for (const Index::Part& part : index.parts) {
        if (index.unique && part.column == column) return true;
      }
    }
    return in_primary_key(column);
  }
};

/// Throws ConfigError for a declaration that contradicts itself or the other `tables` of the
/// service, or has more than 63 columns.
HANGAR_API void check_declaration(const Table& table, std::span<const Table* const> tables);

/// Why rows of `table` cannot be written where its `column` has a foreign key to `target`: nothing,
/// unless `target` is one of the service's `tables` and the key is not declared. For then the
/// service may write a row before what it refers to.
HANGAR_API std::optional<std::string> undeclared_reference(const Table& table,
                                                           std::string_view column,
                                                           std::string_view target,
                                                           std::span<const Table* const> tables);

/// One value of one row. Text, JSON, enumeration values and bytes are views: what they point to
/// lives at least as long as the `Rows` that hold the cell (see `Rows::keep`).
class Cell {
 public:
  enum class Kind : std::uint8_t {
    absent,
    null,
    uuid,
    int4,
    timestamp,
    interval,
    text,
    boolean,
    int8,
    float8,
    bytes,
  };
  /// How a service came to the value. Storages do not care; `hangar verify` compares what was
  /// stated with what is stored, what was inferred only where it knows all that was stated of the
  /// row, and never what was generated.
  enum class Basis : std::uint8_t {
    stated,     ///< By the newest message of the row.
    inferred,   ///< Not stated by that one: what an earlier one stated, or a default.
    generated,  ///< Another one each time: the present, a generated name.
  };

  constexpr Cell() noexcept : int4_{0} {}  ///< Absent: an update leaves the column as it is.
  static constexpr Cell null() noexcept {
    Cell cell;
    cell.kind_ = Kind::null;
    return cell;
  }
  // Implicit, so that a row reads as a list of values.
  constexpr Cell(const Uuid& value) noexcept : kind_{Kind::uuid}, uuid_{value} {}
  constexpr Cell(Timestamp value) noexcept
      : kind_{Kind::timestamp}, micros_{value.time_since_epoch().count()} {}
  constexpr Cell(Interval value) noexcept : kind_{Kind::interval}, micros_{value.count()} {}
  constexpr Cell(std::string_view value) noexcept : kind_{Kind::text}, text_{value} {}
  // Of exactly these types: what converts to them is no such value, or another one.
  constexpr Cell(std::same_as<std::int32_t> auto value) noexcept
      : kind_{Kind::int4}, int4_{value} {}
  constexpr Cell(std::same_as<bool> auto value) noexcept
      : kind_{Kind::boolean}, int8_{value ? 1 : 0} {}
  constexpr Cell(std::same_as<std::int64_t> auto value) noexcept
      : kind_{Kind::int8}, int8_{value} {}
  constexpr Cell(std::same_as<double> auto value) noexcept : kind_{Kind::float8}, float8_{value} {}
  Cell(std::span<const std::byte> value) noexcept
      : kind_{Kind::bytes}, text_{reinterpret_cast<const char*>(value.data()), value.size()} {}

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
  [[nodiscard]] constexpr bool absent() const noexcept { return kind_ == Kind::absent; }
  [[nodiscard]] constexpr bool is_null() const noexcept { return kind_ == Kind::null; }
  [[nodiscard]] constexpr Basis basis() const noexcept { return basis_; }
  /// The same value, come to otherwise.
  [[nodiscard]] constexpr Cell on(Basis basis) const noexcept {
    Cell cell = *this;
    cell.basis_ = basis;
    return cell;
  }
  /// Becomes what a newer message of the row tells; where that one tells nothing, the value stays,
  /// but no longer as stated by the newest.
  constexpr void update(const Cell& newer) noexcept {
    if (!newer.absent()) {
      *this = newer;
    } else if (basis_ == Basis::stated) {
      basis_ = Basis::inferred;
    }
  }
  // Each accessor is valid for its own kind only.
  [[nodiscard]] constexpr const Uuid& uuid() const noexcept { return uuid_; }
  [[nodiscard]] constexpr std::int32_t int4() const noexcept { return int4_; }
  [[nodiscard]] constexpr Timestamp timestamp() const noexcept {
    return Timestamp{std::chrono::microseconds{micros_}};
  }
  [[nodiscard]] constexpr Interval interval() const noexcept { return Interval{micros_}; }
  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }
  [[nodiscard]] constexpr bool boolean() const noexcept { return int8_ != 0; }
  [[nodiscard]] constexpr std::int64_t int8() const noexcept { return int8_; }
  [[nodiscard]] constexpr double float8() const noexcept { return float8_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {reinterpret_cast<const std::byte*>(text_.data()), text_.size()};
  }

  /// Whether the value is in memory of somebody else: text or bytes.
  [[nodiscard]] constexpr bool is_view() const noexcept {
    return kind_ == Kind::text || kind_ == Kind::bytes;
  }
  /// What a view refers to, whichever of both it is; empty for other cells.
  [[nodiscard]] constexpr std::string_view viewed() const noexcept {
    return is_view() ? text_ : std::string_view{};
  }
  /// The same view of a copy of its memory.
  [[nodiscard]] constexpr Cell moved_to(std::string_view memory) const noexcept {
    Cell cell = *this;
    cell.text_ = memory;
    return cell;
  }

  /// Same kind and same value, on whatever basis; text compares by bytes.
  friend HANGAR_API bool operator==(const Cell& left, const Cell& right) noexcept;
  /// A total order: by kind, then as databases order values, text by bytes.
  friend HANGAR_API std::weak_ordering compare(const Cell& left, const Cell& right) noexcept;

 private:
  Kind kind_ = Kind::absent;
  Basis basis_ = Basis::stated;
  union {
    Uuid uuid_;
    std::int32_t int4_;
    std::int64_t micros_;
    std::int64_t int8_;
    double float8_;
    std::string_view text_;
  };
};

/// What a cell of such a column is, unless it is null or absent.
constexpr Cell::Kind kind_of(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::uuid:
      return Cell::Kind::uuid;
    case ColumnType::int4:
      return Cell::Kind::int4;
    case ColumnType::timestamp:
      return Cell::Kind::timestamp;
    case ColumnType::interval:
      return Cell::Kind::interval;
    case ColumnType::boolean:
      return Cell::Kind::boolean;
    case ColumnType::int8:
      return Cell::Kind::int8;
    case ColumnType::float8:
      return Cell::Kind::float8;
    case ColumnType::bytes:
      return Cell::Kind::bytes;
    case ColumnType::text:
    case ColumnType::json:
    case ColumnType::json_text:
    case ColumnType::enumeration:
      break;
  }
  return Cell::Kind::text;
}

/// What an absent cell of a new row stands for: the declared default in the present moment, null
/// where there is none. Throws ConfigError for one that a column of this type cannot have.
HANGAR_API Cell default_cell(const Column& column, Timestamp now);

/// The same for every column, at this moment.
HANGAR_API std::vector<Cell> default_cells(const Table& table);

/// Rows of one table, each as wide as the table, absent cells where nothing is said. Not
/// thread-safe.
class HANGAR_API Rows {
 public:
  explicit Rows(const Table& table);
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;
  ~Rows();

  [[nodiscard]] const Table& table() const noexcept { return *table_; }
  [[nodiscard]] std::size_t size() const noexcept { return cells_.size() / width_; }
  [[nodiscard]] bool empty() const noexcept { return cells_.empty(); }
  [[nodiscard]] std::span<const Cell> operator[](std::size_t row) const noexcept {
    return std::span{cells_}.subspan(row * width_, width_);
  }
  [[nodiscard]] std::span<Cell> operator[](std::size_t row) noexcept {
    return std::span{cells_}.subspan(row * width_, width_);
  }
  /// Makes room for so many rows at once.
  void reserve(std::size_t rows) { cells_.reserve(rows * width_); }
  /// Appends a row of absent cells. Spans of earlier rows become invalid.
  std::span<Cell> add();
  /// Copies text to memory that lives as long as these rows, also after a move.
  std::string_view keep(std::string_view text);
  /// The cell, what it views copied too.
  Cell keep(const Cell& cell) { return cell.is_view() ? cell.moved_to(keep(cell.viewed())) : cell; }

 private:
  const Table* table_;
  std::size_t width_;
  std::vector<Cell> cells_;
  std::unique_ptr<std::pmr::monotonic_buffer_resource> texts_;
};

}  // namespace hangar
