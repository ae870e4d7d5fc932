#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hangar/table.hpp"
#include "out/search_query.hpp"
#include "out/text_pattern.hpp"
#include "prefect/field_reader.hpp"
#include "prefect/json/json_document.hpp"

namespace hangar::gateway {

/// One of the values that a label may have.
struct ExpectedValue {
  std::string text;  ///< Without the `!` of one that it must not have.
  bool negated = false;
  TextPattern glob;   ///< As live events are compared.
  TextPattern stars;  ///< As SQL compares stored ones.
};

/// A label that a resource must have, with one of the values.
struct ExpectedLabel {
  std::string label;
  bool list = false;  ///< Whether the values stand in one.
  std::vector<ExpectedValue> values;
};

/// What a resource must be; lists that are empty ask for nothing.
struct ResourceFilter {
  std::vector<std::string> id;
  std::vector<std::string> id_prefix;
  std::vector<TextPattern> id_prefix_stored;  ///< The same as LIKE reads it.
  std::vector<ExpectedLabel> labels;
};

/// What a related resource must be, of which only stored events are asked.
struct RelatedFilter {
  std::vector<std::string> id;
  std::vector<std::string> role;
  std::vector<std::pair<std::string, std::string>> resources_in_roles;
  std::vector<ExpectedLabel> labels;

  [[nodiscard]] bool asks() const noexcept {
    return !(id.empty() && role.empty() && resources_in_roles.empty() && labels.empty());
  }
};

/// Which events a subscriber wants: `prefect.server.events.filters.EventFilter` of Prefect 3.9.1.
/// Lists that are empty ask for nothing.
struct EventFilter {
  using Micros = std::int64_t;  ///< Since 1970, in UTC.

  Micros since = 0;
  Micros until = 0;
  std::vector<std::string> prefix;
  std::vector<std::string> exclude_prefix;
  std::vector<std::string> name;
  std::vector<std::string> exclude_name;
  std::vector<TextPattern> prefix_stored;  ///< The same as LIKE reads it.
  std::vector<TextPattern> exclude_prefix_stored;
  ResourceFilter resource;
  bool distinct = false;  ///< Of stored events only the first of each resource.
  std::vector<RelatedFilter> related;
  std::vector<ResourceFilter> any_resource;
  std::vector<Uuid> id;
  std::optional<SearchQuery> text;
};

/// Throws a DataError, which names the place, for what Prefect's model refuses. The reader's now is
/// when the filter came.
EventFilter read_filter(const prefect::FieldReader& reader, prefect::JsonValue value);

}  // namespace hangar::gateway
