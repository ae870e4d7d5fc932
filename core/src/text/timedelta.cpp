#include "text/timedelta.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "text/number.hpp"

namespace hangar {
namespace {

struct Unit {
  char letter;
  std::int64_t milliseconds;
};

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3'600 * second;
constexpr std::int64_t day = 24 * hour;
constexpr std::array dates{Unit{'Y', 365 * day}, Unit{'M', 30 * day}, Unit{'W', 7 * day},
                           Unit{'D', day}};
constexpr std::array times{Unit{'H', hour}, Unit{'M', 60 * second}, Unit{'S', second}};

constexpr std::size_t most_digits = 9;  // So that no sum is too large.

/// What is still to be read, and the sum of what was.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_{text} {}

  [[nodiscard]] std::optional<std::int64_t> result() const {
    return rest_.empty() && read_ && !broken_ ? std::optional{sum_} : std::nullopt;
  }

  bool take(std::string_view begin) {
    if (!rest_.starts_with(begin)) return false;
    rest_.remove_prefix(begin.size());
    return true;
  }

  /// Numbers with letters, each of them after those before it.
  bool designated(std::span<const Unit> units) {
    bool some = false;
    while (auto number = digits()) {
      const auto milliseconds = fraction();
      const auto unit =
          std::ranges::find(units, rest_.empty() ? '\0' : rest_.front(), &Unit::letter);
      if (!milliseconds || unit == units.end()) return fail();
      // A part of a second only.
      if (*milliseconds != 0 && unit->milliseconds != second) return fail();
      rest_.remove_prefix(1);
      units = units.subspan(static_cast<std::size_t>(unit - units.begin()) + 1);
      add(*number * unit->milliseconds + *milliseconds);
      some = true;
    }
    return some;
  }

  /// `7 days`, `7d`.
  bool days() {
    Reader reader = *this;
    const auto number = reader.digits();
    if (!number) return false;
    reader.take(" ");
    if (!reader.take("days") && !reader.take("day") && !reader.take("d")) return false;
    reader.add(*number * day);
    *this = reader;
    return true;
  }

  /// `01:30` or `01:30:00`.
  bool clock() {
    const auto hours = digits();
    if (!hours || !take(":")) return false;
    const auto minutes = digits();
    if (!minutes || *minutes > 59) return false;
    add(*hours * hour + *minutes * 60 * second);
    if (!take(":")) return true;
    const auto seconds = digits();
    const auto milliseconds = fraction();
    if (!seconds || *seconds > 59 || !milliseconds) return false;
    add(*seconds * second + *milliseconds);
    return true;
  }

  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  void add(std::int64_t milliseconds) {
    sum_ += milliseconds;
    read_ = true;
  }

  bool fail() {
    broken_ = true;
    return false;
  }

  std::optional<std::int64_t> digits() {
    const std::string_view found = leading_digits();
    if (found.empty() || found.size() > most_digits) return std::nullopt;
    rest_.remove_prefix(found.size());
    return parse_number<std::int64_t>(found);
  }

  /// Milliseconds behind a point; 0 without one.
  std::optional<std::int64_t> fraction() {
    if (!take(".")) return 0;
    const std::string_view found = leading_digits();
    if (found.empty() ||
        found.substr(std::min<std::size_t>(3, found.size())).find_first_not_of('0') !=
            std::string_view::npos) {
      return std::nullopt;
    }
    rest_.remove_prefix(found.size());
    std::int64_t milliseconds = 0;
    for (std::size_t at = 0; at < 3; ++at) {
      milliseconds = milliseconds * 10 + (at < found.size() ? found[at] - '0' : 0);
    }
    return milliseconds;
  }

  [[nodiscard]] std::string_view leading_digits() const {
    return rest_.substr(0, rest_.find_first_not_of("0123456789"));
  }

  std::string_view rest_;
  std::int64_t sum_ = 0;
  bool read_ = false;
  bool broken_ = false;
};

}  // namespace

std::optional<std::int64_t> parse_timedelta(std::string_view text) {
  Reader reader{text};
  if (reader.take("P")) {
    reader.designated(dates);
    if (reader.take("T") && !reader.designated(times)) return std::nullopt;
    return reader.result();
  }
  if (reader.days()) {
    if (reader.done()) return reader.result();
    reader.take(",");
    reader.take(" ");
  }
  return reader.clock() ? reader.result() : std::nullopt;
}

}  // namespace hangar
