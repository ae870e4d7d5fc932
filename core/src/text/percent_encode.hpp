#pragma once

#include <string>
#include <string_view>

namespace hangar {

/// The text as a part of a URL that means it: every byte but letters, digits and `-._~` as `%XX`.
std::string percent_encode(std::string_view text);

}  // namespace hangar
