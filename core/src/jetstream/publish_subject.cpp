#include "jetstream/publish_subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <cstddef>

#include "hangar/error.hpp"
#include "nats/subjects.hpp"
#include "text/json_member.hpp"

namespace json = boost::json;

namespace hangar {
namespace {

// More than any service takes; Boost's own limit of 32 is less than Prefect's clients send.
constexpr std::size_t deepest = 1024;
constexpr std::size_t longest_id = 256;

bool fits_header(std::string_view id) {
  return id.size() <= longest_id &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c < '\x7f'; });
}

/// Cuts JSON that is known to be valid into the members or elements of its outermost value.
std::vector<std::string_view> parts_of(std::string_view json) {
  const auto trimmed = [](std::string_view text) {
    return boost::algorithm::trim_copy_if(text, boost::algorithm::is_any_of(" \t\r\n"));
  };
  json = trimmed(json);
  json = json.substr(1, json.size() - 2);
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      parts.push_back(trimmed(json.substr(begin, at - begin)));
      begin = at + 1;
    }
  }
  if (const auto last = trimmed(json.substr(begin)); !last.empty()) parts.push_back(last);
  return parts;
}

json::value parsed(std::string_view line, boost::system::error_code& failed) {
  json::parse_options options;
  options.max_depth = deepest;
  return json::parse(line, failed, {}, options);
}

}  // namespace

std::optional<std::vector<std::string_view>> events_of(std::string_view line) {
  constexpr std::string_view name = R"("events")";
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  const bool array = line[first] == '[';
  // An event is looked at once more only where it may be an answer of Prefect's.
  if (!array && line.find(name) == std::string_view::npos) return std::nullopt;
  boost::system::error_code failed;
  const json::value value = parsed(line, failed);
  if (failed) return std::nullopt;
  if (value.is_array()) return parts_of(line);
  const json::object* answer = value.if_object();
  const json::value* events = answer ? answer->if_contains("events") : nullptr;
  if (events == nullptr || !events->is_array() || answer->contains("event")) return std::nullopt;
  for (std::string_view member : parts_of(line)) {
    if (member.starts_with(name)) return parts_of(member.substr(member.find('[')));
  }
  return std::nullopt;
}

std::optional<JsonFault> json_fault(std::string_view line) {
  json::parse_options options;
  options.max_depth = deepest;
  json::stream_parser parser{{}, options};
  boost::system::error_code failed;
  std::size_t read = parser.write_some(line.data(), line.size(), failed);
  if (!failed && read < line.size()) return JsonFault{read + 1, "there is more behind its end"};
  if (!failed) parser.finish(failed);
  if (!failed) return std::nullopt;
  return JsonFault{read + 1, failed.message()};
}

PublishDefaults publish_defaults(std::string_view line) {
  PublishDefaults defaults;
  defaults.subject = "prefect.events.task-run";
  boost::system::error_code failed;
  const json::value value = parsed(line, failed);
  if (failed) return defaults;
  defaults.json = true;
  if (!value.is_object()) return defaults;
  const json::object& event = value.as_object();
  const std::string name = text_member(event, "event");
  if (!name.empty() && !name.starts_with("prefect.task-run")) {
    defaults.subject = "prefect.events.other";
  }
  defaults.id = text_member(event, "id");
  if (!fits_header(defaults.id)) defaults.id.clear();
  return defaults;
}

void check_publish_subject(std::string_view subject, std::string_view setting) {
  check_subject(subject, setting);
  if (subject.find_first_of("*>") == std::string_view::npos) return;
  throw ConfigError{
      fmt::format("{}: `{}` has a wildcard, which only readers use: write one subject, such as "
                  "prefect.events.task-run, or leave it out: each event then has its own",
                  setting, subject)};
}

std::optional<std::string> stream_of_subject(std::string_view subject) {
  constexpr std::string_view prefix = "prefect.";
  if (!subject.starts_with(prefix)) return std::nullopt;
  const std::string_view topic =
      subject.substr(prefix.size(), subject.find('.', prefix.size()) - prefix.size());
  if (topic.empty() || prefix.size() + topic.size() == subject.size()) return std::nullopt;
  return "PREFECT_" + boost::algorithm::to_upper_copy(std::string{topic});
}

}  // namespace hangar
