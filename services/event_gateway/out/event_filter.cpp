#include "out/event_filter.hpp"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <memory_resource>
#include <string_view>

#include "hangar/error.hpp"
#include "prefect/json/json_members.hpp"
#include "prefect/json/unicode.hpp"
#include "prefect/zoned_time.hpp"

namespace hangar::gateway {
namespace {

using prefect::FieldReader;
using prefect::JsonMembers;
using prefect::JsonValue;
using Kind = JsonValue::Kind;
using Texts = std::vector<std::string>;

constexpr std::size_t longest_query = 200;
// Each becomes patterns, which take a hundred times the memory of a short text.
constexpr std::size_t most_values = 10'000;
// Of one in a list of a list of a list of filters; what lies deeper is refused.
constexpr std::size_t deepest_value = 5;
// How far back a filter goes that does not say so: from the start of the day.
constexpr std::chrono::days default_reach{180};

/// The members of an object that may have no others.
class Members {
 public:
  Members(JsonValue object, std::initializer_list<std::string_view> known)
      : members_{FieldReader::object(object)} {
    for (const auto& member : members_) {
      if (std::ranges::find(known, member.name) == known.end()) {
        prefect::reject(member.value, "unknown_field", "a filter has no such field");
      }
    }
  }

  /// None where it is missing.
  [[nodiscard]] JsonValue at(std::string_view name) const {
    for (const auto& member : members_) {
      if (member.name == name) return member.value;
    }
    return {};
  }
  /// The same where it is null.
  [[nodiscard]] JsonValue optional(std::string_view name) const {
    const JsonValue value = at(name);
    return value && value.is_null() ? JsonValue{} : value;
  }

 private:
  JsonMembers members_;
};

std::string text_of(JsonValue value) {
  std::pmr::monotonic_buffer_resource memory;
  return std::string{FieldReader::string(value).text(memory)};
}

Texts texts_of(JsonValue value) {
  Texts texts;
  if (!value) return texts;
  FieldReader::array(value).each_element(
      [&](JsonValue element) { texts.push_back(text_of(element)); });
  return texts;
}

std::vector<TextPattern> like_prefixes(const Texts& prefixes) {
  std::vector<TextPattern> patterns;
  patterns.reserve(prefixes.size());
  for (const std::string& prefix : prefixes) patterns.push_back(TextPattern::like_prefix(prefix));
  return patterns;
}

ExpectedValue expected(JsonValue value) {
  ExpectedValue made;
  made.text = text_of(value);
  made.negated = made.text.starts_with('!');
  if (made.negated) made.text.erase(0, 1);
  made.glob = TextPattern::glob(made.text);
  made.stars = TextPattern::stars(made.text);
  return made;
}

std::vector<ExpectedLabel> labels_of(JsonValue value) {
  std::vector<ExpectedLabel> labels;
  if (!value) return labels;
  for (const auto& member : JsonMembers{FieldReader::object(value)}) {
    ExpectedLabel label;
    label.label = member.name;
    if (member.value.is(Kind::string)) {
      label.values.push_back(expected(member.value));
    } else {
      label.list = true;
      FieldReader::array(member.value).each_element([&](JsonValue each) {
        label.values.push_back(expected(each));
      });
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

EventFilter::Micros micros_of(const FieldReader& reader, JsonValue value) {
  const prefect::ZonedTime time = reader.time(value);
  return time.wall - std::int64_t{time.offset} * 1'000'000;
}

void read_occurred(EventFilter& filter, const FieldReader& reader, JsonValue value) {
  const auto now = reader.now();
  const auto first = std::chrono::floor<std::chrono::days>(now) - default_reach;
  filter.since = Timestamp{first}.time_since_epoch().count();
  filter.until = now.time_since_epoch().count();
  if (!value) return;
  const Members members{value, {"since", "until"}};
  if (const auto since = members.at("since")) filter.since = micros_of(reader, since);
  if (const auto until = members.at("until")) filter.until = micros_of(reader, until);
}

void read_name(EventFilter& filter, JsonValue value) {
  if (!value) return;
  const Members members{value, {"prefix", "exclude_prefix", "name", "exclude_name"}};
  filter.prefix = texts_of(members.optional("prefix"));
  filter.exclude_prefix = texts_of(members.optional("exclude_prefix"));
  filter.name = texts_of(members.optional("name"));
  filter.exclude_name = texts_of(members.optional("exclude_name"));
  filter.prefix_stored = like_prefixes(filter.prefix);
  filter.exclude_prefix_stored = like_prefixes(filter.exclude_prefix);
}

ResourceFilter resource_of(const Members& members) {
  ResourceFilter made;
  made.id = texts_of(members.optional("id"));
  made.id_prefix = texts_of(members.optional("id_prefix"));
  made.id_prefix_stored = like_prefixes(made.id_prefix);
  made.labels = labels_of(members.optional("labels"));
  return made;
}

void read_resource(EventFilter& filter, JsonValue value) {
  if (!value) return;
  const Members members{value, {"id", "id_prefix", "labels", "distinct"}};
  filter.resource = resource_of(members);
  if (const auto distinct = members.at("distinct")) {
    filter.distinct = FieldReader::boolean(distinct);
  }
}

RelatedFilter related_of(JsonValue value) {
  const Members members{value, {"id", "role", "resources_in_roles", "labels"}};
  RelatedFilter made;
  made.id = texts_of(members.optional("id"));
  made.role = texts_of(members.optional("role"));
  made.labels = labels_of(members.optional("labels"));
  const JsonValue pairs = members.optional("resources_in_roles");
  if (!pairs) return made;
  FieldReader::array(pairs).each_element([&](JsonValue pair) {
    Texts texts = texts_of(pair);
    if (texts.size() != 2) prefect::reject(pair, "wrong_type", "a resource and its role are two");
    made.resources_in_roles.emplace_back(std::move(texts[0]), std::move(texts[1]));
  });
  return made;
}

/// One filter or a list of them.
template <class Read>
void each_filter(JsonValue value, Read read) {
  if (!value) return;
  if (value.is(Kind::array)) {
    value.each_element(read);
  } else {
    read(value);
  }
}

void read_id(EventFilter& filter, JsonValue value) {
  if (!value) return;
  const Members members{value, {"id"}};
  const JsonValue ids = members.optional("id");
  if (!ids) return;
  FieldReader::array(ids).each_element(
      [&](JsonValue id) { filter.id.push_back(FieldReader::uuid(id)); });
}

void read_text(EventFilter& filter, JsonValue value) {
  if (!value) return;
  const Members members{value, {"query"}};
  const JsonValue query = members.at("query");
  if (!query) prefect::reject_missing(value, "query");
  const std::string text = text_of(query);
  if (prefect::count_code_points(text) > longest_query) {
    prefect::reject(query, "too_long", "a query has at most 200 characters");
  }
  filter.text = SearchQuery::parse(text);
}

/// How many elements and members it has, and those have.
std::size_t count_values(JsonValue value, std::size_t depth) {
  std::size_t count = 0;
  const auto add = [&](JsonValue each) { count += 1 + count_values(each, depth - 1); };
  if (depth > 0 && value.is(Kind::array)) {
    value.each_element(add);
  } else if (depth > 0 && value.is(Kind::object)) {
    value.each_member([&](JsonValue, JsonValue each) { add(each); });
  }
  return count;
}

void check_order(JsonValue value) {
  if (!value) return;
  const std::string order = text_of(value);
  if (order != "ASC" && order != "DESC") {
    prefect::reject(value, "wrong_type", "the order is ASC or DESC");
  }
}

}  // namespace

EventFilter read_filter(const FieldReader& reader, JsonValue value) {
  if (count_values(value, deepest_value) > most_values) {
    prefect::reject(value, "too_long", "a filter has at most 10,000 values");
  }
  const Members members{
      value, {"occurred", "event", "resource", "related", "any_resource", "id", "text", "order"}};
  EventFilter filter;
  read_occurred(filter, reader, members.at("occurred"));
  read_name(filter, members.optional("event"));
  read_resource(filter, members.optional("resource"));
  each_filter(members.optional("related"),
              [&](JsonValue each) { filter.related.push_back(related_of(each)); });
  each_filter(members.optional("any_resource"), [&](JsonValue each) {
    filter.any_resource.push_back(resource_of(Members{each, {"id", "id_prefix", "labels"}}));
  });
  read_id(filter, members.at("id"));
  read_text(filter, members.optional("text"));
  check_order(members.at("order"));
  return filter;
}

}  // namespace hangar::gateway
