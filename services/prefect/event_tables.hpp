#pragma once

#include <array>
#include <cstddef>

#include "hangar/table.hpp"

/// The two tables of Prefect's database that hold events, with the names of its migrations
/// (prefect.server.database.orm_models, 3.9.1).
namespace hangar::prefect {

// One line a column: its name, its type, whether it may be NULL, and what the database fills in.
// clang-format off
#define HANGAR_EVENTS_COLUMNS(column)             \
  column(id, uuid, false, "")                     \
  column(created, timestamp, false, "now")        \
  column(updated, timestamp, false, "now")        \
  column(occurred, timestamp, false, "")          \
  column(event, text, false, "")                  \
  column(resource_id, text, false, "")            \
  column(resource, json, false, "")               \
  column(related_resource_ids, json, false, "[]") \
  column(related, json, false, "[]")              \
  column(payload, json, false, "")                \
  column(received, timestamp, false, "")          \
  column(recorded, timestamp, false, "")          \
  column(follows, uuid, true, "")

#define HANGAR_EVENT_RESOURCES_COLUMNS(column) \
  column(id, uuid, false, "")                  \
  column(created, timestamp, false, "now")     \
  column(updated, timestamp, false, "now")     \
  column(occurred, timestamp, false, "")       \
  column(resource_id, text, false, "")         \
  column(resource_role, text, false, "")       \
  column(resource, json_text, false, "")       \
  column(event_id, uuid, false, "")
// clang-format on

#define HANGAR_NAME_OF_COLUMN(name, type, nullable, default_value) name,
#define HANGAR_COLUMN(name, type, nullable, default_value) \
  hangar::Column{#name, ColumnType::type, nullable, default_value},

namespace events {
enum Column : std::size_t { HANGAR_EVENTS_COLUMNS(HANGAR_NAME_OF_COLUMN) column_count };
inline constexpr std::array<hangar::Column, column_count> columns{
    HANGAR_EVENTS_COLUMNS(HANGAR_COLUMN)};
}  // namespace events

namespace event_resources {
enum Column : std::size_t { HANGAR_EVENT_RESOURCES_COLUMNS(HANGAR_NAME_OF_COLUMN) column_count };
inline constexpr std::array<hangar::Column, column_count> columns{
    HANGAR_EVENT_RESOURCES_COLUMNS(HANGAR_COLUMN)};
}  // namespace event_resources

#undef HANGAR_EVENTS_COLUMNS
#undef HANGAR_EVENT_RESOURCES_COLUMNS
#undef HANGAR_NAME_OF_COLUMN
#undef HANGAR_COLUMN

const Table& events_table();
/// A row for the resource of an event, and one for each related one. Nothing but the primary key,
/// which is made up, is unique in it.
const Table& event_resources_table();

}  // namespace hangar::prefect
