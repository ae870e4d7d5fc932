#include "text/indented_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/nowide/utf/convert.hpp>

namespace hangar {
namespace {

namespace json = boost::json;

void write(const json::value& value, std::size_t level, std::string& text) {
  const std::string line = fmt::format("\n{:{}}", "", 2 * (level + 1));
  const std::string last_line = fmt::format("\n{:{}}", "", 2 * level);
  if (const json::object* object = value.if_object()) {
    const char* separator = "";
    text += '{';
    for (const auto& [key, member] : *object) {
      text.append(separator).append(line).append(json_string(key)).append(": ");
      write(member, level + 1, text);
      separator = ",";
    }
    text.append(object->empty() ? "" : last_line).append("}");
  } else if (const json::array* array = value.if_array()) {
    const bool one_line = std::ranges::none_of(*array, &json::value::is_structured);
    const char* separator = "";
    text += '[';
    for (const json::value& element : *array) {
      text.append(separator).append(one_line ? "" : line);
      write(element, level + 1, text);
      separator = one_line ? ", " : ",";
    }
    text.append(one_line ? "" : last_line).append("]");
  } else if (value.is_double()) {
    text += fmt::format("{}", value.get_double());  // Boost.JSON writes 2E-2
  } else if (value.is_string()) {
    text += json_string(value.get_string());
  } else {
    text += json::serialize(value);
  }
}

}  // namespace

std::string json_string(std::string_view text) {
  // Variables and file names may hold any bytes.
  return json::serialize(json::string{
      boost::nowide::utf::convert_string<char>(text.data(), text.data() + text.size())});
}

std::string indented_json(const boost::json::value& value) {
  std::string text;
  write(value, 0, text);
  return text + "\n";
}

}  // namespace hangar
