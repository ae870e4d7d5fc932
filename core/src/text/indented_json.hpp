#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace hangar {

/// JSON with two blanks a level and a newline at the end; objects keep their order.
std::string indented_json(const boost::json::value& value);

/// The text in quotes, for JSON and YAML; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace hangar
