#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hangar::gateway {

/// A search for words as Prefect's `parse_text_search_query` reads it, all in lower case.
struct SearchQuery {
  std::vector<std::string> include;  ///< At least one of them.
  std::vector<std::string> exclude;
  std::vector<std::string> required;

  static SearchQuery parse(std::string_view query);

  /// Whether the text, in lower case, has what is asked for.
  [[nodiscard]] bool matches(std::string_view lower_text) const;
};

}  // namespace hangar::gateway
