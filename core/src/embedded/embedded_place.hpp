#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hangar {

/// The path of the program that is named, or is at this path. Throws
/// ConfigError when there is none.
std::string find_server_program(const std::string& name);

/// This port when it is free, or another one that is; 0 is none.
std::uint16_t choose_port(std::uint16_t before);

/// The text as a string in nats-server's configuration, with its quotation marks.
std::string nats_string(std::string_view text);

}  // namespace hangar
