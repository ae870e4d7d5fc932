#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "hangar/table.hpp"

namespace hangar::persister {

/// What a row of `event_resources` has of its resource.
struct ResourceRow {
  std::string_view resource_id;
  std::string_view resource_role;  ///< Empty for the resource that the event is about.
  std::string_view resource;       ///< JSON: its other labels.
};

/// What one event has in both tables, but for what is made up when it is written. JSON is text as
/// Python's `json.dumps` writes it. A view: what it points to is somebody else's.
struct EventRows {
  Uuid id;
  std::optional<Uuid> follows;
  Timestamp occurred;
  std::optional<Timestamp> received;  ///< Nothing: the event does not say.
  std::string_view event;
  std::string_view resource_id;
  std::string_view resource;
  std::string_view related_resource_ids;
  std::string_view related;
  std::string_view payload;
  std::span<const ResourceRow> resources;  ///< That of the event first.
};

/// How much memory `packed` needs.
std::size_t packed_size(const EventRows& rows) noexcept;
/// The same rows, all that they point to in `memory`, which is aligned as a pointer is.
EventRows packed(const EventRows& rows, std::byte* memory) noexcept;

}  // namespace hangar::persister
