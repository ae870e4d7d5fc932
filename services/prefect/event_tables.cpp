#include "prefect/event_tables.hpp"

namespace hangar::prefect {
namespace {

// Without two that Prefect's migrations make in SQLite over the whole text of JSON columns, which
// no query can use.
Table make_events() {
  namespace c = events;
  return {
      .name = "events",
      .columns = {c::columns.begin(), c::columns.end()},
      .indexes = {{.name = "ix_events__event__id", .parts = {{c::event}, {c::id}}},
                  {.name = "ix_events__event_occurred",
                   .parts = {{c::event}, {c::occurred}},
                   .storage = "postgres"},
                  {.name = "ix_events__event_occurred_id",
                   .parts = {{c::event}, {c::occurred}, {c::id}}},
                  {.name = "ix_events__event_resource_id_occurred",
                   .parts = {{c::event}, {c::resource_id}, {c::occurred}}},
                  {.name = "ix_events__occurred", .parts = {{c::occurred}}},
                  {.name = "ix_events__occurred_id", .parts = {{c::occurred}, {c::id}}},
                  {.name = "ix_events__related_gin", .parts = {{c::related}}, .gin = true},
                  {.name = "ix_events__related_resource_ids_gin",
                   .parts = {{c::related_resource_ids}},
                   .gin = true},
                  {.name = "ix_events__updated", .parts = {{c::updated}}}},
      .made_since = "Prefect 3.4.7",
      .erased = true,
  };
}

Table make_event_resources() {
  namespace c = event_resources;
  return {
      .name = "event_resources",
      .columns = {c::columns.begin(), c::columns.end()},
      .indexes = {{.name = "ix_event_resources__event_id",
                   .parts = {{c::event_id}},
                   .since = "Prefect 3.8"},
                  {.name = "ix_event_resources__occurred",
                   .parts = {{c::occurred}},
                   .since = "Prefect 3.7"},
                  {.name = "ix_event_resources__resource_id__occurred",
                   .parts = {{c::resource_id}, {c::occurred}}},
                  {.name = "ix_event_resources__updated", .parts = {{c::updated}}}},
      .made_since = "Prefect 3.4.7",
      .erased = true,
  };
}

}  // namespace

const Table& events_table() {
  static const Table table = make_events();
  return table;
}

const Table& event_resources_table() {
  static const Table table = make_event_resources();
  return table;
}

}  // namespace hangar::prefect
