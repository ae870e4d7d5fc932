#include "config/indented_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace hangar {
namespace {

namespace json = boost::json;

void write(const json::value& value, std::size_t level, std::string& text) {
  const std::string indent(2 * (level + 1), ' ');
  const std::string outdent(2 * level, ' ');
  std::string_view separator = "\n";
  if (value.is_object() && !value.get_object().empty()) {
    text += '{';
    for (const auto& [key, member] : value.get_object()) {
      text.append(separator).append(indent);
      text.append(json::serialize(json::value(key))).append(": ");
      write(member, level + 1, text);
      separator = ",\n";
    }
    text += "\n" + outdent + "}";
  } else if (value.is_array() &&
             std::ranges::any_of(value.get_array(), &json::value::is_structured)) {
    text += '[';
    for (const json::value& element : value.get_array()) {
      text.append(separator).append(indent);
      write(element, level + 1, text);
      separator = ",\n";
    }
    text += "\n" + outdent + "]";
  } else if (value.is_double()) {
    text += fmt::format("{}", value.get_double());  // Boost.JSON writes 2E-2
  } else {
    text += json::serialize(value);
  }
}

}  // namespace

std::string indented_json(const boost::json::value& value) {
  std::string text;
  write(value, 0, text);
  return text + "\n";
}

}  // namespace hangar
