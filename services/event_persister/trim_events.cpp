#include "trim_events.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <limits>
#include <memory_resource>
#include <set>
#include <span>
#include <string_view>
#include <unordered_set>

#include "hangar/error.hpp"
#include "prefect/event_tables.hpp"
#include "prefect/json/json_document.hpp"

namespace hangar::persister {
namespace {

namespace events = prefect::events;
namespace event_resources = prefect::event_resources;
using prefect::event_resources_table;
using prefect::events_table;

namespace c = event_resources;

constexpr Timestamp first_instant{
    std::chrono::sys_days{std::chrono::year{1} / std::chrono::January / 1}};

using Ids = std::unordered_set<Uuid>;

/// Events of one slice whose resources are looked for together.
class Slice {
 public:
  explicit Slice(const Rows& events) : events_{events} { ids_.reserve(events.size()); }

  void add(std::size_t row) {
    ids_.insert(events_[row][events::id].uuid());
    note(events_[row][events::resource_id].text());
    try {
      const auto related = document_.parse(events_[row][events::related_resource_ids].text());
      using Kind = prefect::JsonValue::Kind;
      if (!related.is(Kind::array)) return;
      related.each_element([&](prefect::JsonValue id) {
        if (id.is(Kind::string)) note(id.text(texts_));
      });
    } catch (const DataError&) {
      // Neither persister writes such text. Its resources go as those of an event that is gone.
    }
  }
  [[nodiscard]] bool empty() const { return ids_.empty(); }
  [[nodiscard]] bool has(const Uuid& event) const { return ids_.contains(event); }
  /// Of all resources of the events.
  [[nodiscard]] std::vector<Cell> resource_ids() const {
    return {resource_ids_.begin(), resource_ids_.end()};
  }

 private:
  void note(std::string_view id) {
    if (resource_ids_.contains(id)) return;
    auto* const copy = static_cast<char*>(texts_.allocate(id.size() + 1, 1));
    std::ranges::copy(id, copy);
    resource_ids_.emplace(copy, id.size());
  }

  const Rows& events_;
  prefect::JsonDocument document_;
  std::pmr::monotonic_buffer_resource texts_;
  Ids ids_;
  std::set<std::string_view> resource_ids_;
};

std::size_t erase_by_id(Session& session, const Trim& trim, const Table& table,
                        std::vector<Cell> ids) {
  if (ids.empty() || trim.dry_run) return ids.size();
  const Keys keys{.columns = {0}, .values = std::move(ids)};
  return session.erase(table, {&keys, 1});
}

/// Deletes the resources of the slice's events that occurred in this span, its ends included.
std::size_t erase_resources(Session& session, const Trim& trim, const Slice& slice, Timestamp from,
                            Timestamp to) {
  static constexpr std::array<std::size_t, 2> columns{c::event_id, c::resource_id};
  constexpr std::size_t page = 5'000;
  Range range{.one_of = {{c::resource_id, slice.resource_ids()}},
              .column = c::occurred,
              .before = to + Interval{1}};
  // A database may keep the first instant of all as something earlier.
  if (from > first_instant) range.from = from;
  std::size_t erased = 0;
  while (true) {
    const Rows found = session.scan(event_resources_table(), range, columns, page);
    std::vector<Cell> ids;
    for (std::size_t row = 0; row < found.size(); ++row) {
      if (slice.has(found[row][c::event_id].uuid())) ids.push_back(found[row][c::id]);
    }
    erased += erase_by_id(session, trim, event_resources_table(), std::move(ids));
    if (found.size() < page) return erased;
    // Not the text of the page, which goes with it: the order is by time and id.
    const auto last = found[found.size() - 1];
    range.after.assign(last.size(), Cell{});
    range.after[c::occurred] = last[c::occurred];
    range.after[c::id] = last[c::id];
  }
}

/// Those of the resources' events that are stored and occurred before then.
Ids due_events(Session& session, const Rows& resources, Timestamp before) {
  static constexpr std::array<std::size_t, 2> columns{events::id, events::occurred};
  Ids ids;
  for (std::size_t row = 0; row < resources.size(); ++row) {
    ids.insert(resources[row][c::event_id].uuid());
  }
  const Keys keys{.columns = {events::id}, .values = {ids.begin(), ids.end()}};
  const Rows stored = session.find(events_table(), {&keys, 1}, columns, Lock::none);
  Ids due;
  for (std::size_t row = 0; row < stored.size(); ++row) {
    if (stored[row][events::occurred].timestamp() < before)
      due.insert(stored[row][events::id].uuid());
  }
  return due;
}

void go_behind(Range& range, const Table& table, const Trim& trim) {
  if (!trim.last) return;
  range.after.assign(table.columns.size(), Cell{});
  range.after[0] = *trim.last;
  range.after[range.column] = trim.last_occurred;
}

void move_behind(Trim& trim, std::span<const Cell> row, std::size_t column) {
  trim.last = row[0].uuid();
  trim.last_occurred = row[column].timestamp();
}

static_assert(events::id == 0 && event_resources::id == 0);

}  // namespace

Trimmed trim_events(Session& session, Trim& trim, std::size_t limit) {
  static constexpr std::array<std::size_t, 3> columns{events::event, events::resource_id,
                                                      events::related_resource_ids};
  Range range{.column = events::occurred, .before = trim.before};
  if (trim.event) range.one_of = {{events::event, {std::string_view{*trim.event}}}};
  go_behind(range, events_table(), trim);
  const Rows found = session.scan(events_table(), range, columns, limit);
  if (found.empty()) return {};

  Trimmed trimmed;
  trimmed.done = found.size() < limit;
  const auto occurred = [&](std::size_t row) { return found[row][events::occurred].timestamp(); };
  const auto counted = [&](std::size_t row) {
    return std::ranges::find(trim.counted, found[row][events::event].text()) != trim.counted.end();
  };
  std::vector<Cell> ids;
  for (std::size_t begin = 0; begin < found.size();) {
    // All events in their span are due in a walk over all; between those of one name are others.
    Slice slice{found};
    std::size_t end = begin;
    while (end < found.size() && (!trim.event || occurred(end) == occurred(begin))) {
      if (!counted(end)) {
        slice.add(end);
        ids.push_back(found[end][events::id]);
      }
      ++end;
    }
    if (!slice.empty()) {
      trimmed.resources +=
          erase_resources(session, trim, slice, occurred(begin), occurred(end - 1));
    }
    begin = end;
  }
  trimmed.events = erase_by_id(session, trim, events_table(), std::move(ids));
  move_behind(trim, found[found.size() - 1], events::occurred);
  return trimmed;
}

Trimmed trim_orphans(Session& session, Trim& trim, std::size_t limit) {
  static constexpr std::array<std::size_t, 2> columns{c::occurred, c::event_id};
  Range range{.column = c::updated, .before = trim.before};
  go_behind(range, event_resources_table(), trim);
  const Rows found = session.scan(event_resources_table(), range, columns, limit);
  if (found.empty()) return {};
  Trimmed trimmed;
  trimmed.done = found.size() < limit;
  const auto counted = trim.dry_run ? due_events(session, found, trim.before) : Ids{};
  std::vector<Cell> ids;
  for (std::size_t row = 0; row < found.size(); ++row) {
    const auto cells = found[row];
    if (cells[c::occurred].timestamp() < trim.before &&
        !counted.contains(cells[c::event_id].uuid()))
      ids.push_back(cells[c::id]);
  }
  trimmed.resources = erase_by_id(session, trim, event_resources_table(), std::move(ids));
  move_behind(trim, found[found.size() - 1], c::updated);
  return trimmed;
}

}  // namespace hangar::persister
