#pragma once

#include <string>
#include <string_view>

namespace hangar {

/// The bytes as a terminal may show them: UTF-8 as it is, every control character but newline and
/// tab, and every byte that is not of UTF-8, as `\x1b`.
std::string escaped(std::string_view bytes);

/// Whether the bytes are well-formed UTF-8: JSON can hold them as a text.
bool is_utf8(std::string_view bytes) noexcept;

}  // namespace hangar
