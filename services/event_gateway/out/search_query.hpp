#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "out/match_steps.hpp"

namespace hangar::gateway {

/// A search for words as Prefect's `parse_text_search_query` reads it, all in lower case, and each
/// once.
struct SearchQuery {
  std::vector<std::string> include;  ///< At least one of them.
  std::vector<std::string> exclude;
  std::vector<std::string> required;

  static SearchQuery parse(std::string_view query);

  /// Whether the text, in lower case, has what is asked for. Throws TooManySteps.
  [[nodiscard]] bool matches(std::string_view lower_text, MatchSteps& steps) const;
};

}  // namespace hangar::gateway
