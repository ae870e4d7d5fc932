#pragma once

#include <string>
#include <string_view>

namespace hangar {

/// RFC 4648, with padding, in one line.
std::string encode_base64(std::string_view bytes);

/// The bytes that `text` stands for. Throws Error when it is not base64 with padding.
std::string decode_base64(std::string_view text);

}  // namespace hangar
