#include "config/problems.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/mask_url.hpp"
#include "hangar/error.hpp"

namespace hangar {
namespace {

constexpr std::size_t most_lines = 100;
constexpr std::size_t longest_quote = 60;

}  // namespace

std::string to_string(const Place& place) {
  if (place.line == 0) return place.file;
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

void Problems::add(Place place, std::string what) {
  problems_.push_back({std::move(place), std::move(what)});
}

void Problems::raise() const {
  if (problems_.empty()) return;
  std::vector<Problem> sorted = problems_;
  std::ranges::sort(sorted, [](const Problem& left, const Problem& right) {
    // Files first, then the environment and flags.
    if (left.place.file.empty() != right.place.file.empty()) return right.place.file.empty();
    return left < right;
  });
  std::string report;
  for (std::size_t at = 0; at < std::min(sorted.size(), most_lines); ++at) {
    const std::string where = to_string(sorted[at].place);
    std::string line = where.empty() ? "" : where + ": ";
    line += mask_url(sorted[at].what);
    std::ranges::replace_if(
        line, [](unsigned char character) { return character < 0x20 || character == 0x7f; }, '?');
    report += line + '\n';
  }
  if (sorted.size() > most_lines) report += fmt::format("… {} more\n", sorted.size() - most_lines);
  report += sorted.size() == 1 ? "1 error in the configuration"
                               : fmt::format("{} errors in the configuration", sorted.size());
  throw ConfigError{report};
}

std::string in_quotes(std::string_view text) {
  std::string masked = mask_url(text);
  if (masked.size() > longest_quote) {
    std::size_t end = longest_quote;
    while (end > 0 && (static_cast<unsigned char>(masked[end]) & 0xC0U) == 0x80U) --end;
    masked = masked.substr(0, end) + "…";
  }
  return "'" + masked + "'";
}

}  // namespace hangar
