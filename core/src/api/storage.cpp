#include "hangar/storage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <string_view>

#include "hangar/file_storage.hpp"

namespace hangar {

using Clock = std::chrono::system_clock;

Session::~Session() = default;
Storage::~Storage() = default;
FileStorage::~FileStorage() = default;

std::size_t Session::erase(const Table& table, const Range& range, std::size_t limit) {
  const Rows rows = scan(table, range, table.primary_key, limit);
  Keys keys{.columns = table.primary_key, .values = {}};
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const std::size_t column : table.primary_key) keys.values.push_back(rows[row][column]);
  }
  return erase(table, {&keys, 1});
}

StorageLimits Storage::limits() const noexcept { return {}; }

std::size_t Storage::concurrent_sessions() const noexcept {
  return std::numeric_limits<std::size_t>::max();
}

std::vector<Check> check_indexes(const Table& table, std::span<const Index* const> missing) {
  const std::string what = fmt::format("table {}", table.name);
  std::vector<Check> checks;
  std::vector<std::string_view> of_all_releases;
  for (const Index* index : missing) {
    if (index->since.empty()) {
      of_all_releases.push_back(index->name);
    } else {
      checks.push_back(
          {Check::Verdict::ok, what,
           fmt::format("there is no index like {} yet: {} brings it", index->name, index->since)});
    }
  }
  if (!of_all_releases.empty()) {
    checks.push_back(
        {Check::Verdict::warn, what,
         fmt::format("there is no index like {}", fmt::join(of_all_releases, ", ")),
         "whoever reads the table waits longer; for Prefect's: `prefect server database upgrade "
         "-y`"});
  }
  return checks;
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
