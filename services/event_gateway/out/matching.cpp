#include "out/matching.hpp"

#include <algorithm>

namespace hangar::gateway {
namespace {

using Texts = std::vector<std::string>;
using Resource = SeenEvent::Resource;

/// An event, and what deciding about it may still cost.
struct Asked {
  const SeenEvent& event;
  MatchSteps& steps;
};

/// Values that are compared, or looked for, one after the other.
template <class Values>
const Values& counted(const Values& values, MatchSteps& steps) {
  constexpr std::size_t values_a_step = 8;
  steps.take(1 + values.size() / values_a_step);
  return values;
}

template <class Values, class Value>
bool has(const Values& values, const Value& value, MatchSteps& steps) {
  const Values& all = counted(values, steps);
  return std::ranges::find(all, value) != all.end();
}

bool begins(const Texts& prefixes, std::string_view text, MatchSteps& steps) {
  return std::ranges::any_of(counted(prefixes, steps),
                             [&](const auto& each) { return text.starts_with(each); });
}

bool any_matches(const std::vector<TextPattern>& patterns, std::string_view text,
                 MatchSteps& steps) {
  return std::ranges::any_of(patterns, [&](const auto& each) { return each.matches(text, steps); });
}

bool in_time(const EventFilter& filter, const SeenEvent& event) {
  return filter.since <= event.occurred() && event.occurred() <= filter.until;
}

bool has_id(const EventFilter& filter, const Asked& asked) {
  return filter.id.empty() || has(filter.id, asked.event.id(), asked.steps);
}

bool has_name(const EventFilter& filter, const Asked& asked) {
  const std::string_view name = asked.event.name();
  return (filter.name.empty() || has(filter.name, name, asked.steps)) &&
         !has(filter.exclude_name, name, asked.steps);
}

/// Whether one of the values is as the label wants it; an absent one never is.
bool is_expected(const ExpectedLabel& label, std::optional<std::string_view> value,
                 TextPattern ExpectedValue::*pattern, MatchSteps& steps) {
  return value && std::ranges::any_of(label.values, [&](const ExpectedValue& each) {
           return (each.*pattern).matches(*value, steps) != each.negated;
         });
}

/// None where the resource has no such label.
std::optional<std::string_view> label_of(const Asked& asked, const Resource& resource,
                                         std::string_view name) {
  const auto& labels = counted(asked.event.labels(resource), asked.steps);
  const auto found = std::ranges::find(labels, name, &SeenEvent::Label::name);
  return found == labels.end() ? std::nullopt : std::optional{found->value};
}

bool includes_resource(const ResourceFilter& filter, const Asked& asked, const Resource& resource) {
  return (filter.id.empty() || has(filter.id, resource.id, asked.steps)) &&
         (filter.id_prefix.empty() || begins(filter.id_prefix, resource.id, asked.steps)) &&
         std::ranges::all_of(filter.labels, [&](const ExpectedLabel& label) {
           return is_expected(label, label_of(asked, resource, label.label), &ExpectedValue::glob,
                              asked.steps);
         });
}

bool selects_role(const ExpectedLabel& roles, const Resource& resource, MatchSteps& steps) {
  return std::ranges::any_of(counted(roles.values, steps), [&](const ExpectedValue& each) {
    // Nothing has a special meaning in a role.
    const std::string_view role = resource.role;
    return each.negated ? role.starts_with('!') && role.substr(1) == each.text : role == each.text;
  });
}

/// Of a list, or of one text that is not empty: others ask for nothing where they have a column.
bool asks(const ExpectedLabel& label) {
  const bool one_empty = !label.list && label.values.size() == 1 && label.values[0].text.empty() &&
                         !label.values[0].negated;
  return !label.values.empty() && !one_empty;
}

/// The id is a column, and the role is one where `has_role`; other labels are JSON without both.
bool selects_labels(const std::vector<ExpectedLabel>& labels, const Asked& asked,
                    const Resource& resource, bool has_role) {
  return std::ranges::all_of(labels, [&](const ExpectedLabel& label) {
    if (label.label == id_label) {
      return !asks(label) || is_expected(label, resource.id, &ExpectedValue::stars, asked.steps);
    }
    if (label.label == role_label) {
      return has_role && (!asks(label) || selects_role(label, resource, asked.steps));
    }
    return is_expected(label, label_of(asked, resource, label.label), &ExpectedValue::stars,
                       asked.steps);
  });
}

bool selects_resource(const ResourceFilter& filter, const Asked& asked, const Resource& resource,
                      bool has_role) {
  return (filter.id.empty() || has(filter.id, resource.id, asked.steps)) &&
         (filter.id_prefix.empty() ||
          any_matches(filter.id_prefix_stored, resource.id, asked.steps)) &&
         selects_labels(filter.labels, asked, resource, has_role);
}

bool selects_related(const RelatedFilter& filter, const Asked& asked, const Resource& resource) {
  const auto is_resource = [&](const auto& pair) {
    return pair.first == resource.id && pair.second == resource.role;
  };
  const auto& pairs = counted(filter.resources_in_roles, asked.steps);
  return (filter.id.empty() || has(filter.id, resource.id, asked.steps)) &&
         (filter.role.empty() ? !resource.role.empty()
                              : has(filter.role, resource.role, asked.steps)) &&
         (pairs.empty() || std::ranges::any_of(pairs, is_resource)) &&
         selects_labels(filter.labels, asked, resource, true);
}

bool selects_name(const EventFilter& filter, const Asked& asked) {
  const std::string_view name = asked.event.name();
  return (filter.prefix.empty() || any_matches(filter.prefix_stored, name, asked.steps)) &&
         !any_matches(filter.exclude_prefix_stored, name, asked.steps) && has_name(filter, asked);
}

/// Whether each of the filters takes one of the resources.
template <class Filter, class Takes>
bool all_find(const std::vector<Filter>& filters, const Asked& asked, Takes takes) {
  return std::ranges::all_of(filters, [&](const Filter& filter) {
    return std::ranges::any_of(asked.event.resources(), [&](const Resource& resource) {
      asked.steps.take(1);
      return takes(filter, resource);
    });
  });
}

}  // namespace

bool includes(const EventFilter& filter, const SeenEvent& event) {
  MatchSteps steps;
  const Asked asked{event, steps};
  const bool named = (filter.prefix.empty() || begins(filter.prefix, event.name(), steps)) &&
                     !begins(filter.exclude_prefix, event.name(), steps) && has_name(filter, asked);
  return named && in_time(filter, event) && has_id(filter, asked) &&
         includes_resource(filter.resource, asked, event.resources().front()) &&
         all_find(filter.any_resource, asked,
                  [&](const ResourceFilter& any, const Resource& each) {
                    return includes_resource(any, asked, each);
                  }) &&
         (!filter.text || filter.text->matches(event.searched(), steps));
}

bool selects(const EventFilter& filter, const SeenEvent& event, std::string_view searched) {
  MatchSteps steps;
  const Asked asked{event, steps};
  return selects_name(filter, asked) && in_time(filter, event) && has_id(filter, asked) &&
         selects_resource(filter.resource, asked, event.resources().front(), false) &&
         all_find(filter.any_resource, asked,
                  [&](const ResourceFilter& any, const Resource& each) {
                    return selects_resource(any, asked, each, true);
                  }) &&
         all_find(filter.related, asked,
                  [&](const RelatedFilter& related, const Resource& each) {
                    return !related.asks() || selects_related(related, asked, each);
                  }) &&
         (!filter.text || filter.text->matches(searched, steps));
}

}  // namespace hangar::gateway
