#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hangar {

/// The elements of a list in one text, separated by commas; blanks around them and empty ones are
/// dropped. What stands before an `@` back to the last `scheme://` is one element with it, because
/// it may be a password with commas; no such thing is looked for in paths.
std::vector<std::string> list_elements(std::string_view text);

}  // namespace hangar
