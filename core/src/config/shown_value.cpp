#include "config/shown_value.hpp"

#include <boost/algorithm/string/replace.hpp>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <cctype>
#include <utility>

#include "config/mask_url.hpp"
#include "config/value.hpp"
#include "text/indented_json.hpp"

namespace hangar {
namespace {

namespace json = boost::json;

json::value json_of(bool value) { return value; }
json::value json_of(std::int64_t value) { return value; }
json::value json_of(const std::string& value) { return json::string{mask_url(value)}; }
json::value json_of(const Secret& value) { return json::string{value.empty() ? "" : "********"}; }
json::value json_of(const Url& value) { return json::string{shown_url(value.value)}; }
json::value json_of(ByteSize value) { return value.value; }
json::value json_of(Duration value) { return seconds(value); }

/// A JSON string is a YAML string; words that are nothing else need no quotes.
std::string yaml_of_text(std::string_view text) {
  constexpr std::string_view reserved[] = {"true", "false", "null", "yes", "no", "on", "off"};
  bool plain = !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0;
  for (const char character : text) {
    plain = plain && (std::isalnum(static_cast<unsigned char>(character)) != 0 ||
                      std::string_view{"_-./"}.find(character) != std::string_view::npos);
  }
  for (const std::string_view word : reserved) plain = plain && text != word;
  if (plain) return std::string{text};
  return json_string(boost::algorithm::replace_all_copy(std::string{text}, "$", "$$"));
}

std::string yaml_of(bool value) { return value ? "true" : "false"; }
std::string yaml_of(std::int64_t value) { return std::to_string(value); }
std::string yaml_of(const std::string& value) { return yaml_of_text(mask_url(value)); }
std::string yaml_of(const Secret& value) { return value.empty() ? "\"\"" : "\"********\""; }
std::string yaml_of(const Url& value) { return yaml_of_text(shown_url(value.value)); }
std::string yaml_of(ByteSize value) { return format_byte_size(value); }
std::string yaml_of(Duration value) { return format_duration(value); }

// A list of texts is one of servers or of folders.
json::value json_of_element(const std::string& text) { return json::string{shown_url(text)}; }
json::value json_of_element(Duration value) { return json_of(value); }
std::string yaml_of_element(const std::string& text) { return yaml_of_text(shown_url(text)); }
std::string yaml_of_element(Duration value) { return yaml_of(value); }

template <class T>
json::value json_of(const std::vector<T>& list) {
  json::array array;
  for (const T& element : list) array.push_back(json_of_element(element));
  return array;
}

template <class T>
std::string yaml_of(const std::vector<T>& list) {
  std::string sequence;
  for (const T& element : list) {
    sequence += (sequence.empty() ? "" : ", ") + yaml_of_element(element);
  }
  return "[" + sequence + "]";
}

}  // namespace

json::value seconds(Duration duration) {
  if (duration.count() % 1000 == 0) return duration.count() / 1000;
  return static_cast<double>(duration.count()) / 1000;
}

json::value shown_json(const Field& field) {
  return std::visit([](const auto* target) { return json_of(*target); },
                    std::as_const(field.target));
}

std::string shown_yaml(const Field& field) {
  return std::visit([](const auto* target) { return yaml_of(*target); },
                    std::as_const(field.target));
}

}  // namespace hangar
