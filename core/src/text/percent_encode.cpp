#include "text/percent_encode.hpp"

#include <fmt/format.h>

#include <cctype>

namespace hangar {

std::string percent_encode(std::string_view text) {
  constexpr std::string_view unreserved = "-._~";
  std::string encoded;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    const bool plain =
        byte < 0x80 && (std::isalnum(byte) != 0 || unreserved.find(character) != unreserved.npos);
    encoded += plain ? std::string{character} : fmt::format("%{:02X}", byte);
  }
  return encoded;
}

}  // namespace hangar
