#include "name_filter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>

namespace hangar::persister {
namespace {

/// In time that is linear in both, but for the product of their lengths in the worst case.
bool matches(std::string_view glob, std::string_view name) noexcept {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after_star = 0;  // The end of what the last star stands for.
  for (std::size_t i = 0; i < name.size();) {
    if (at < glob.size() && glob[at] == '*') {
      star = at++;
      after_star = i;
    } else if (at < glob.size() && glob[at] == name[i]) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++after_star;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', at) == std::string_view::npos;
}

bool match(const std::vector<std::string>& globs, std::string_view name) noexcept {
  return std::ranges::any_of(globs, [&](const std::string& glob) { return matches(glob, name); });
}

}  // namespace

bool NameFilter::takes(std::string_view name) const noexcept {
  return (include_.empty() || match(include_, name)) && !match(exclude_, name);
}

std::string NameFilter::description() const {
  std::string text;
  if (!include_.empty()) {
    text = fmt::format("only events named {} are stored", fmt::join(include_, " or "));
  }
  if (!exclude_.empty()) {
    text += fmt::format("{}events named {} are not stored", text.empty() ? "" : "; ",
                        fmt::join(exclude_, " or "));
  }
  return text;
}

}  // namespace hangar::persister
