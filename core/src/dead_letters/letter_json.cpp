#include "dead_letters/letter_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <utility>

#include "hangar/error.hpp"
#include "text/base64.hpp"
#include "text/escape.hpp"

namespace json = boost::json;

namespace hangar {
namespace {

constexpr std::string_view mark = "hangar_dead_letter";

void add_event(json::object& to, const StoredLetter& stored) {
  json::array headers;
  for (const auto& [name, value] : stored.original) headers.push_back({name, value});
  to["headers"] = std::move(headers);
  if (is_utf8(stored.body)) {
    to["data"] = stored.body;
  } else {
    to["data_base64"] = encode_base64(stored.body);
  }
}

bool is_letter_line(std::string_view line) {
  const auto skip = [&](std::string_view what) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (!line.starts_with(what)) return false;
    line.remove_prefix(what.size());
    return true;
  };
  return skip("{") && skip("\"") && line.starts_with(mark) &&
         line.substr(mark.size()).starts_with('"');
}

}  // namespace

json::object letter_json(const DeadLetter& letter) {
  return {{"dead_letter_sequence", letter.dead_letter_sequence},
          {"service", letter.service},
          {"stream", letter.stream},
          {"subject", letter.subject},
          {"sequence", letter.sequence},
          {"deliveries", letter.deliveries},
          {"time", letter.time},
          {"reason", letter.reason},
          {"error", letter.error},
          {"pointer", letter.pointer},
          {"sqlstate", letter.sqlstate},
          {"size", letter.size},
          {"incomplete", letter.incomplete}};
}

json::object letter_json(const StoredLetter& stored) {
  json::object object = letter_json(stored.letter);
  add_event(object, stored);
  return object;
}

std::string letter_line(const StoredLetter& stored) {
  json::object line;
  line[mark] = letter_json(stored.letter);
  line["subject"] = stored.letter.subject;
  add_event(line, stored);
  return json::serialize(line);
}

std::optional<PublishLine> parse_letter_line(std::string_view line) {
  if (!is_letter_line(line)) return std::nullopt;
  try {
    const json::value parsed = json::parse(line);
    const json::object& letter = parsed.as_object();
    PublishLine publish;
    publish.subject = json::value_to<std::string>(letter.at("subject"));
    for (const json::value& header : letter.at("headers").as_array()) {
      publish.headers.push_back(json::value_to<std::pair<std::string, std::string>>(header));
    }
    const json::value* text = letter.if_contains("data");
    publish.body = text != nullptr
                       ? json::value_to<std::string>(*text)
                       : decode_base64(json::value_to<std::string>(letter.at("data_base64")));
    publish.headers = republished_headers(publish.headers);
    return publish;
  } catch (const std::exception& error) {
    throw Error{fmt::format("it is no line of `hangar dlq export`: {}", error.what())};
  }
}

}  // namespace hangar
