#include "hangar/storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "hangar/file_storage.hpp"

namespace hangar {

using Clock = std::chrono::system_clock;

Session::~Session() = default;
Storage::~Storage() = default;
FileStorage::~FileStorage() = default;

StorageLimits Storage::limits() const noexcept { return {}; }

std::size_t Storage::concurrent_sessions() const noexcept {
  return std::numeric_limits<std::size_t>::max();
}

bool operator==(const Cell& left, const Cell& right) noexcept {
  if (left.kind_ != right.kind_) return false;
  switch (left.kind_) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      return true;
    case Cell::Kind::uuid:
      return left.uuid_ == right.uuid_;
    case Cell::Kind::int4:
      return left.int4_ == right.int4_;
    case Cell::Kind::timestamp:
    case Cell::Kind::interval:
      return left.micros_ == right.micros_;
    case Cell::Kind::text:
      return left.text_ == right.text_;
  }
  return false;
}

Rows::Rows(const Table& table)
    : table_{&table},
      width_{table.columns.size()},
      texts_{std::make_unique<std::pmr::monotonic_buffer_resource>()} {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

std::optional<std::string> undeclared_reference(const Table& table, std::string_view column,
                                                std::string_view target,
                                                std::span<const Table* const> tables) {
  const auto is = [&](const ForeignKey& key) {
    return table.columns[key.column].name == column && key.table == target;
  };
  if (std::ranges::find(tables, target, &Table::name) == tables.end()) return std::nullopt;
  if (std::ranges::any_of(table.foreign_keys, is)) return std::nullopt;
  std::string fault = fmt::format(
      "it has a foreign key to {}, whose rows are written after those of {}", target, table.name);
  if (!table.made_since.empty()) {
    fault += fmt::format(
        "; {} and newer have none: upgrade to it, then run `prefect server "
        "database upgrade -y`",
        table.made_since);
  }
  return fault;
}

std::span<Cell> Rows::add() {
  cells_.resize(cells_.size() + width_);
  return std::span{cells_}.last(width_);
}

std::string_view Rows::keep(std::string_view text) {
  auto* copy = static_cast<char*>(texts_->allocate(text.size() + 1, 1));
  std::ranges::copy(text, copy);
  return {copy, text.size()};
}

Check check_clock(const std::string& whose, Clock::time_point before, Clock::time_point shown,
                  Clock::time_point after) {
  using namespace std::chrono_literals;
  constexpr auto exact = 100ms;
  constexpr auto bearable = 2s;
  Clock::duration off{};
  if (shown < before) off = before - shown;
  if (shown > after) off = shown - after;
  Check check{Check::Verdict::ok, whose + " clock", "as this host's"};
  if (off > exact) {
    check.found = fmt::format("{:.1f} s {} this host's", std::chrono::duration<double>(off).count(),
                              shown < before ? "behind" : "ahead of");
  }
  if (off > bearable) {
    check.verdict = Check::Verdict::warn;
    check.hint = "let both keep time by NTP: retention and lag are told by their clocks";
  }
  return check;
}

}  // namespace hangar
