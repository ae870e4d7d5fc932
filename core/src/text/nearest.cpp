#include "text/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace hangar {
namespace {

constexpr std::size_t most_edits = 2;

/// Levenshtein's distance, or anything above `most_edits` when it is more than that.
std::size_t edits(std::string_view left, std::string_view right) {
  const std::size_t difference =
      std::max(left.size(), right.size()) - std::min(left.size(), right.size());
  if (difference > most_edits) return difference;
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const std::string* best = nullptr;
  std::size_t fewest = most_edits + 1;
  for (const std::string& candidate : known) {
    // Two edits make any short word out of any other, and one makes much of a letter.
    const bool is_short = candidate.size() <= most_edits;
    if (is_short && (word.size() < 2 || edits(word, candidate) >= most_edits)) continue;
    if (const std::size_t distance = edits(word, candidate); distance < fewest) {
      fewest = distance;
      best = &candidate;
    }
  }
  return best == nullptr ? "" : " (did you mean '" + *best + "'?)";
}

}  // namespace hangar
