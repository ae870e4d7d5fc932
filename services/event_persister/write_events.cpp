#include "write_events.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "prefect/dropped_row.hpp"
#include "prefect/event_tables.hpp"
#include "prefect/uuid_sequence.hpp"

namespace hangar::persister {
namespace {

namespace events = prefect::events;
namespace event_resources = prefect::event_resources;
using prefect::event_resources_table;
using prefect::events_table;

/// The places of the events that have an id first, in order of the ids: two transactions that
/// insert the same ids wait for each other, and never both.
std::vector<std::size_t> first_of_each_id(Items<EventRows> events) {
  std::vector<std::size_t> places(events.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto id = [&](std::size_t place) { return events[place].id; };
  std::ranges::stable_sort(places, {}, id);
  const auto repeated =
      std::unique(places.begin(), places.end(),
                  [&](std::size_t one, std::size_t other) { return id(one) == id(other); });
  places.erase(repeated, places.end());
  return places;
}

void add_event(Rows& rows, const EventRows& event, Timestamp now) {
  const auto row = rows.add();
  const Cell present = Cell{now}.on(Cell::Basis::generated);
  row[events::id] = event.id;
  row[events::created] = present;
  row[events::updated] = present;
  row[events::occurred] = event.occurred;
  row[events::event] = event.event;
  row[events::resource_id] = event.resource_id;
  row[events::resource] = event.resource;
  row[events::related_resource_ids] = event.related_resource_ids;
  row[events::related] = event.related;
  row[events::payload] = event.payload;
  row[events::received] = event.received ? Cell{*event.received} : present;
  row[events::recorded] = present;
  row[events::follows] = event.follows ? Cell{*event.follows} : Cell::null();
}

void add_resources(Rows& rows, const EventRows& event, prefect::UuidSequence& ids, Timestamp now) {
  namespace c = event_resources;
  const Cell present = Cell{now}.on(Cell::Basis::generated);
  for (const ResourceRow& resource : event.resources) {
    const auto row = rows.add();
    row[c::id] = Cell{ids.next()}.on(Cell::Basis::generated);
    row[c::created] = present;
    row[c::updated] = present;
    row[c::occurred] = event.occurred;
    row[c::resource_id] = resource.resource_id;
    row[c::resource_role] = resource.resource_role;
    row[c::resource] = resource.resource;
    row[c::event_id] = event.id;
  }
}

/// Inserts the rows; `place_of` names, by its place, the event that a row is of.
template <class Place>
std::vector<bool> insert(Session& session, const Rows& rows, WriteCall& call, Place place_of) {
  try {
    return session.insert_missing(rows);
  } catch (const Error& error) {
    if (error.row()) call.to_blame = {place_of(*error.row())};
    throw;
  }
}

[[noreturn]] void refuse_dropped(const Table& table, WriteCall& call, std::size_t row,
                                 std::size_t place) {
  DataError error = prefect::dropped_row(table);
  error.at_row(row);
  call.to_blame = {place};
  throw DataError{error};
}

/// What did not go in is stored already, unless the database dropped it.
void check_stored(Session& session, const Rows& rows, const std::vector<bool>& inserted,
                  WriteCall& call, const std::vector<std::size_t>& places) {
  static constexpr std::array<std::size_t, 1> id{events::id};
  Keys missing{.columns = {events::id}, .values = {}};
  for (std::size_t i = 0; i < inserted.size(); ++i) {
    if (!inserted[i]) missing.values.push_back(rows[i][events::id]);
  }
  if (missing.values.empty()) return;
  const Rows stored = session.find(events_table(), {{missing}}, id, Lock::none);
  if (stored.size() == missing.values.size()) return;
  // Both are in order of the ids.
  std::size_t found = 0;
  for (std::size_t i = 0; i < inserted.size(); ++i) {
    if (inserted[i]) continue;
    if (found == stored.size() || stored[found][events::id] != rows[i][events::id]) {
      refuse_dropped(events_table(), call, i, places[i]);
    }
    ++found;
  }
}

/// Whether each event went in; those that did not are stored already.
std::vector<bool> insert_events(Session& session, Items<EventRows> events,
                                const std::vector<std::size_t>& places, WriteCall& call,
                                Timestamp now) {
  Rows rows{events_table()};
  rows.reserve(places.size());
  for (const std::size_t place : places) add_event(rows, events[place], now);
  auto inserted = insert(session, rows, call, [&](std::size_t row) { return places[row]; });
  check_stored(session, rows, inserted, call, places);
  return inserted;
}

/// Inserts the resources of the events at the places; how many.
std::size_t insert_resources(Session& session, Items<EventRows> events,
                             const std::vector<std::size_t>& places, WriteCall& call,
                             Timestamp now) {
  std::size_t count = 0;
  for (const std::size_t place : places) count += events[place].resources.size();
  if (count == 0) return 0;
  Rows rows{event_resources_table()};
  rows.reserve(count);
  std::vector<std::size_t> owners;
  owners.reserve(count);
  prefect::UuidSequence ids{now};
  for (const std::size_t place : places) {
    add_resources(rows, events[place], ids, now);
    owners.resize(rows.size(), place);
  }
  const auto went_in = insert(session, rows, call, [&](std::size_t row) { return owners[row]; });
  if (const auto dropped = std::ranges::find(went_in, false); dropped != went_in.end()) {
    const auto row = static_cast<std::size_t>(dropped - went_in.begin());
    refuse_dropped(event_resources_table(), call, row, owners[row]);
  }
  return count;
}

}  // namespace

WrittenEvents write_events(Session& session, Items<EventRows> events, WriteCall& call,
                           Timestamp now) {
  const auto places = first_of_each_id(events);
  const auto inserted = insert_events(session, events, places, call, now);
  std::vector<std::size_t> went_in;
  went_in.reserve(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (inserted[i]) went_in.push_back(places[i]);
  }
  WrittenEvents written;
  written.events = went_in.size();
  if (went_in.empty()) return written;
  written.new_event = went_in.front();
  written.resources = insert_resources(session, events, went_in, call, now);
  return written;
}

}  // namespace hangar::persister
