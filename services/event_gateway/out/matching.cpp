#include "out/matching.hpp"

#include <algorithm>

namespace hangar::gateway {
namespace {

using Texts = std::vector<std::string>;
using Resource = SeenEvent::Resource;

bool has(const Texts& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

bool begins(const Texts& prefixes, std::string_view text) {
  return std::ranges::any_of(prefixes, [&](const auto& each) { return text.starts_with(each); });
}

bool any_matches(const std::vector<TextPattern>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const auto& each) { return each.matches(text); });
}

bool in_time(const EventFilter& filter, const SeenEvent& event) {
  return filter.since <= event.occurred() && event.occurred() <= filter.until;
}

bool has_id(const EventFilter& filter, const SeenEvent& event) {
  return filter.id.empty() || std::ranges::find(filter.id, event.id()) != filter.id.end();
}

bool has_name(const EventFilter& filter, std::string_view name) {
  return (filter.name.empty() || has(filter.name, name)) && !has(filter.exclude_name, name);
}

/// Whether one of the values is as the label wants it; an absent one never is.
bool is_expected(const ExpectedLabel& label, std::optional<std::string_view> value,
                 TextPattern ExpectedValue::*pattern) {
  return value && std::ranges::any_of(label.values, [&](const ExpectedValue& each) {
           return (each.*pattern).matches(*value) != each.negated;
         });
}

bool includes_resource(const ResourceFilter& filter, const SeenEvent& event,
                       const Resource& resource) {
  return (filter.id.empty() || has(filter.id, resource.id)) &&
         (filter.id_prefix.empty() || begins(filter.id_prefix, resource.id)) &&
         std::ranges::all_of(filter.labels, [&](const ExpectedLabel& label) {
           return is_expected(label, event.label(resource, label.label), &ExpectedValue::glob);
         });
}

bool selects_role(const ExpectedLabel& roles, const Resource& resource) {
  return std::ranges::any_of(roles.values, [&](const ExpectedValue& each) {
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
bool selects_labels(const std::vector<ExpectedLabel>& labels, const SeenEvent& event,
                    const Resource& resource, bool has_role) {
  return std::ranges::all_of(labels, [&](const ExpectedLabel& label) {
    if (label.label == id_label) {
      return !asks(label) || is_expected(label, resource.id, &ExpectedValue::stars);
    }
    if (label.label == role_label) {
      return has_role && (!asks(label) || selects_role(label, resource));
    }
    return is_expected(label, event.label(resource, label.label), &ExpectedValue::stars);
  });
}

bool selects_resource(const ResourceFilter& filter, const SeenEvent& event,
                      const Resource& resource, bool has_role) {
  return (filter.id.empty() || has(filter.id, resource.id)) &&
         (filter.id_prefix.empty() || any_matches(filter.id_prefix_stored, resource.id)) &&
         selects_labels(filter.labels, event, resource, has_role);
}

bool selects_related(const RelatedFilter& filter, const SeenEvent& event,
                     const Resource& resource) {
  const auto is_resource = [&](const auto& pair) {
    return pair.first == resource.id && pair.second == resource.role;
  };
  return (filter.id.empty() || has(filter.id, resource.id)) &&
         (filter.role.empty() ? !resource.role.empty() : has(filter.role, resource.role)) &&
         (filter.resources_in_roles.empty() ||
          std::ranges::any_of(filter.resources_in_roles, is_resource)) &&
         selects_labels(filter.labels, event, resource, true);
}

bool selects_name(const EventFilter& filter, std::string_view name) {
  return (filter.prefix.empty() || any_matches(filter.prefix_stored, name)) &&
         !any_matches(filter.exclude_prefix_stored, name) && has_name(filter, name);
}

}  // namespace

bool includes(const EventFilter& filter, const SeenEvent& event) {
  const auto& resources = event.resources();
  const std::string_view name = event.name();
  const bool named = (filter.prefix.empty() || begins(filter.prefix, name)) &&
                     !begins(filter.exclude_prefix, name) && has_name(filter, name);
  return named && in_time(filter, event) && has_id(filter, event) &&
         includes_resource(filter.resource, event, resources.front()) &&
         std::ranges::all_of(filter.any_resource,
                             [&](const ResourceFilter& any) {
                               return std::ranges::any_of(resources, [&](const Resource& each) {
                                 return includes_resource(any, event, each);
                               });
                             }) &&
         (!filter.text || filter.text->matches(event.searched()));
}

bool selects(const EventFilter& filter, const SeenEvent& event, std::string_view searched) {
  const auto& resources = event.resources();
  const auto any_is = [&](const auto& is_one) { return std::ranges::any_of(resources, is_one); };
  return selects_name(filter, event.name()) && in_time(filter, event) && has_id(filter, event) &&
         selects_resource(filter.resource, event, resources.front(), false) &&
         std::ranges::all_of(filter.any_resource,
                             [&](const ResourceFilter& any) {
                               return any_is([&](const Resource& each) {
                                 return selects_resource(any, event, each, true);
                               });
                             }) &&
         std::ranges::all_of(filter.related,
                             [&](const RelatedFilter& related) {
                               return !related.asks() || any_is([&](const Resource& each) {
                                 return selects_related(related, event, each);
                               });
                             }) &&
         (!filter.text || filter.text->matches(searched));
}

}  // namespace hangar::gateway
