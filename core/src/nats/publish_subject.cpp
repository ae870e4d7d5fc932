#include "nats/publish_subject.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstddef>

namespace json = boost::json;

namespace hangar {
namespace {

// More than any service takes; Boost's own limit of 32 is less than Prefect's clients send.
constexpr std::size_t deepest = 1024;
constexpr std::size_t longest_id = 256;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string{value->as_string()} : std::string{};
}

bool fits_header(std::string_view id) {
  return id.size() <= longest_id &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

PublishFacts publish_facts(std::string_view line) {
  PublishFacts facts;
  facts.subject = "prefect.events.task-run";
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = deepest;
  const json::value value = json::parse(line, failed, {}, options);
  if (failed) return facts;
  facts.json = true;
  if (!value.is_object()) return facts;
  const json::object& event = value.as_object();
  const std::string name = text_of(event, "event");
  if (!name.empty() && !name.starts_with("prefect.task-run")) {
    facts.subject = "prefect.events.other";
  }
  facts.id = text_of(event, "id");
  if (!fits_header(facts.id)) facts.id.clear();
  return facts;
}

std::optional<std::string> stream_of_subject(std::string_view subject) {
  constexpr std::string_view prefix = "prefect.";
  if (!subject.starts_with(prefix)) return std::nullopt;
  const std::string_view topic =
      subject.substr(prefix.size(), subject.find('.', prefix.size()) - prefix.size());
  if (topic.empty() || prefix.size() + topic.size() == subject.size()) return std::nullopt;
  std::string stream{"PREFECT_"};
  for (const char c : topic) {
    stream += c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  }
  return stream;
}

}  // namespace hangar
