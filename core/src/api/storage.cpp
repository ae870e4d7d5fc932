#include "hangar/storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "hangar/file_storage.hpp"

namespace hangar {

using Clock = std::chrono::system_clock;

namespace {

using Key = std::vector<Cell>;

/// The primary keys of the rows, in their order.
std::vector<Key> primary_keys(const Table& table, const Rows& rows) {
  std::vector<Key> keys(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const std::size_t column : table.primary_key) keys[row].push_back(rows[row][column]);
  }
  return keys;
}

bool is_less(const Key& left, const Key& right) {
  return std::ranges::lexicographical_compare(
      left, right, [](const Cell& one, const Cell& other) { return compare(one, other) < 0; });
}

Keys joined(const Table& table, const std::vector<Key>& keys) {
  Keys all{.columns = table.primary_key, .values = {}};
  for (const Key& key : keys) all.values.insert(all.values.end(), key.begin(), key.end());
  return all;
}

}  // namespace

Session::~Session() = default;
Storage::~Storage() = default;
FileStorage::~FileStorage() = default;

std::size_t Session::erase(const Table& table, const Range& range, std::size_t limit) {
  Rows rows = scan(table, range, table.primary_key, limit);
  while (!rows.empty()) {
    std::vector<Key> seen = primary_keys(table, rows);
    const Keys to_lock = joined(table, seen);
    // Somebody may have changed or deleted them meanwhile. When they are locked, nobody can, and
    // what is still in the range is seen by one more look.
    static_cast<void>(find(table, {&to_lock, 1}, table.primary_key, Lock::rows));
    Rows again = scan(table, range, table.primary_key, limit);
    std::ranges::sort(seen, is_less);
    std::vector<Key> both = primary_keys(table, again);
    std::erase_if(both,
                  [&](const Key& key) { return !std::ranges::binary_search(seen, key, is_less); });
    const Keys keys = joined(table, both);
    if (!both.empty()) return erase(table, {&keys, 1});
    rows = std::move(again);
  }
  return 0;
}

StorageLimits Storage::limits() const noexcept { return {}; }

std::size_t Storage::concurrent_sessions() const noexcept {
  return std::numeric_limits<std::size_t>::max();
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
