#include "out/backfill.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "hangar/error.hpp"
#include "out/event_feed.hpp"
#include "out/matching.hpp"
#include "out/stored_tables.hpp"
#include "out/unicode_text.hpp"
#include "prefect/json/compact_json.hpp"
#include "prefect/uuid.hpp"
#include "prefect/zoned_time.hpp"

namespace hangar::gateway {
namespace {

namespace events = prefect::events;
namespace event_resources = prefect::event_resources;

constexpr std::array<std::size_t, 9> event_columns{
    events::id,      events::occurred, events::event,    events::resource_id, events::resource,
    events::related, events::payload,  events::received, events::follows};
constexpr std::array<std::size_t, 1> resource_columns{event_resources::event_id};

Timestamp instant(EventFilter::Micros micros) {
  return Timestamp{std::chrono::microseconds{micros}};
}

std::vector<Cell> cells_of(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

/// Resources of which each event that the filter selects has one; none where it names none.
std::vector<Cell> named_resources(const EventFilter& filter) {
  if (!filter.resource.id.empty()) return cells_of(filter.resource.id);
  for (const ResourceFilter& any : filter.any_resource) {
    if (!any.id.empty()) return cells_of(any.id);
  }
  for (const RelatedFilter& related : filter.related) {
    if (!related.id.empty()) return cells_of(related.id);
    std::vector<Cell> ids;
    for (const auto& [id, role] : related.resources_in_roles)
      ids.emplace_back(std::string_view{id});
    if (!ids.empty()) return ids;
  }
  return {};
}

void append_quoted(std::string& out, const Uuid& id) {
  out += '"';
  prefect::append_uuid(out, id);
  out += '"';
}

void append_quoted(std::string& out, Timestamp time) {
  out += '"';
  prefect::append_time(out, prefect::ZonedTime::utc(time));
  out += '"';
}

/// The event that a row is.
std::string json_of(std::span<const Cell> row) {
  std::string json = R"({"id":)";
  append_quoted(json, row[events::id].uuid());
  json += R"(,"occurred":)";
  append_quoted(json, row[events::occurred].timestamp());
  json += R"(,"event":)";
  prefect::append_compact_string(json, row[events::event].text());
  json += R"(,"resource":)";
  json += row[events::resource].text();
  json += R"(,"related":)";
  json += row[events::related].text();
  json += R"(,"payload":)";
  json += row[events::payload].text();
  json += R"(,"received":)";
  append_quoted(json, row[events::received].timestamp());
  if (!row[events::follows].is_null()) {
    json += R"(,"follows":)";
    append_quoted(json, row[events::follows].uuid());
  }
  return json + '}';
}

/// The character that an escape `\uXXXX` at the begin of a JSON text is, or two of them, and how
/// long that is; 0 for what is none, or is ASCII.
std::pair<char32_t, std::size_t> escaped_at(std::string_view json) {
  constexpr std::size_t length = 6;
  const auto code_at = [json](std::size_t place) {
    std::uint16_t code = 0;
    if (json.size() >= place + length && json.substr(place, 2) == "\\u") {
      const char* const digits = json.data() + place + 2;
      static_cast<void>(std::from_chars(digits, digits + 4, code, 16));
    }
    return char32_t{code};
  };
  const char32_t first = code_at(0);
  if (first < 0x80) return {0, 0};
  if (first < 0xD800 || first >= 0xE000) return {first, length};
  const char32_t second = code_at(length);
  if (first >= 0xDC00 || second < 0xDC00 || second >= 0xE000) return {0, 0};
  return {0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00), 2 * length};
}

/// JSON as PostgreSQL shows it: in SQLite Prefect writes escapes for all but ASCII.
void append_shown(std::string& out, std::string_view json) {
  while (!json.empty()) {
    const std::size_t plain = std::min(json.find('\\'), json.size());
    out += json.substr(0, plain);
    json.remove_prefix(plain);
    const auto [character, length] = escaped_at(json);
    if (length > 0) append_utf8(out, character);
    // A backslash behind a backslash begins no escape.
    const std::size_t kept = length > 0 ? 0 : std::min<std::size_t>(json.size(), 2);
    out += json.substr(0, kept);
    json.remove_prefix(length + kept);
  }
}

/// What PostgreSQL is asked to search.
std::string searched_of(std::span<const Cell> row) {
  std::string text{row[events::event].text()};
  for (const std::size_t column : {events::resource, events::related, events::payload}) {
    text += ' ';
    append_shown(text, row[column].text());
  }
  return lower(text);
}

}  // namespace

struct Backfill::Page {
  std::vector<Uuid> ids;  ///< Of events, in their order.
  Rows scanned{stored_events()};
  std::optional<Rows> events{};  ///< Where they are not what was scanned.
  bool last = false;
};

Backfill::Backfill(const EventFilter& filter, const prefect::EventLimits& limits,
                   std::size_t page_size, std::size_t most_bytes)
    : filter_{filter},
      reader_{limits},
      page_size_{page_size},
      most_bytes_{most_bytes},
      asks_for_{std::min(page_size, most_at_once)} {
  aim();
}

void Backfill::aim() {
  // No event is later, and a database knows of no such time.
  constexpr auto last_time =
      std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - std::chrono::microseconds{1};
  done_ = filter_.until < filter_.since || instant(filter_.since) > last_time;
  range_.from = instant(filter_.since);
  constexpr Timestamp last{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}};
  if (instant(filter_.until) < last) {
    range_.before = instant(filter_.until) + std::chrono::microseconds{1};
  }
  table_ = &stored_events();
  range_.column = events::occurred;
  if (!filter_.id.empty()) {
    table_ = nullptr;  // They are found by their primary key.
  } else if (auto ids = named_resources(filter_); !ids.empty()) {
    table_ = &stored_resources();
    range_.column = event_resources::occurred;
    range_.one_of = {{event_resources::resource_id, std::move(ids)}};
  } else if (!filter_.name.empty()) {
    range_.one_of = {{events::event, cells_of(filter_.name)}};
  }
}

std::vector<Uuid> Backfill::ids_in_order(Session& session) const {
  constexpr std::array<std::size_t, 2> columns{events::id, events::occurred};
  const Keys keys{.columns = {events::id}, .values = {filter_.id.begin(), filter_.id.end()}};
  const Rows found = session.find(stored_events(), {&keys, 1}, columns, Lock::none);
  std::vector<std::pair<Timestamp, Uuid>> order;
  order.reserve(found.size());
  for (std::size_t row = 0; row < found.size(); ++row) {
    order.emplace_back(found[row][events::occurred].timestamp(), found[row][events::id].uuid());
  }
  std::ranges::sort(order);
  std::vector<Uuid> ids;
  ids.reserve(order.size());
  for (const auto& [_, id] : order) ids.push_back(id);
  return ids;
}

Rows Backfill::events_of(Session& session, const std::vector<Uuid>& ids) const {
  const Keys keys{.columns = {events::id}, .values = {ids.begin(), ids.end()}};
  return session.find(stored_events(), {&keys, 1}, event_columns, Lock::none);
}

Backfill::Page Backfill::read_ids(Session& session) {
  if (!ids_) ids_ = ids_in_order(session);
  Page page;
  const auto rest = std::span<const Uuid>{*ids_}.subspan(rows_);
  const auto next = rest.first(std::min(asks_for_, rest.size()));
  page.ids.assign(next.begin(), next.end());
  if (!page.ids.empty()) page.events = events_of(session, page.ids);
  page.last = next.size() == rest.size();
  return page;
}

Backfill::Page Backfill::read_range(Session& session) const {
  const bool resources = table_ == &stored_resources();
  Page page;
  page.scanned = session.scan(*table_, range_,
                              resources ? std::span<const std::size_t>{resource_columns}
                                        : std::span<const std::size_t>{event_columns},
                              asks_for_);
  const std::size_t id_column = resources ? std::size_t{event_resources::event_id} : events::id;
  std::vector<Uuid> unknown;
  for (std::size_t row = 0; row < page.scanned.size(); ++row) {
    page.ids.push_back(page.scanned[row][id_column].uuid());
    if (!known_.contains(page.ids.back())) unknown.push_back(page.ids.back());
  }
  if (resources) {
    page.events = unknown.empty() ? Rows{stored_events()} : events_of(session, unknown);
  }
  page.last = page.scanned.size() < asks_for_;
  return page;
}

Backfill::Page Backfill::read(Session& session) {
  try {
    return table_ == nullptr ? read_ids(session) : read_range(session);
  } catch (const TransientError& error) {
    // The session goes on, so that it is this statement: by its time, or for no known reason.
    const bool again =
        error.sqlstate() != "57014" && error.retry() != TransientError::Retry::unknown;
    if (again) throw;
    throw TooLong{error.what()};
  }
}

void Backfill::ask_less() {
  if (asks_for_ == 1) throw TooLong{"one stored event takes too long to read"};
  asks_for_ = std::max<std::size_t>(1, asks_for_ / 8);
}

void Backfill::next(Session& session, EventFrames& frames) {
  Looked all;
  while (!done_ && all.rows < page_size_ && all.bytes < most_bytes_) {
    const Looked more = look(session, frames, most_bytes_ - all.bytes);
    all.rows += more.rows;
    all.bytes += more.bytes;
  }
}

Backfill::Looked Backfill::look(Session& session, EventFrames& frames, std::size_t most_bytes) {
  const Page page = read(session);
  const Rows& rows = page.events ? *page.events : page.scanned;
  std::unordered_map<Uuid, std::size_t> places;
  for (std::size_t row = 0; row < rows.size(); ++row)
    places.emplace(rows[row][events::id].uuid(), row);
  Looked looked;
  while (looked.rows < page.ids.size() && looked.bytes < most_bytes && !costly_) {
    const Uuid& id = page.ids[looked.rows++];
    const auto place = places.find(id);
    if (place == places.end() || !known_.insert(id).second) continue;
    const std::string json = json_of(rows[place->second]);
    looked.bytes += json.size();
    if (auto frame = selected(rows[place->second], json)) frames.push_back(std::move(frame));
  }
  advance(page, looked);
  return looked;
}

void Backfill::advance(const Page& page, const Looked& looked) {
  rows_ += looked.rows;
  done_ = costly_ || (page.last && looked.rows == page.ids.size());
  cut_ = !done_ && table_ != nullptr && rows_ >= most_rows;
  done_ = done_ || cut_;
  if (table_ != nullptr && looked.rows > 0) {
    const auto last = page.scanned[looked.rows - 1];
    range_.after.assign(last.size(), Cell{});
    // These are no views.
    for (const std::size_t column : {std::size_t{0}, range_.column}) {
      range_.after[column] = last[column];
    }
  }
  // As many as would have been one page, were they all like these. The next may be larger.
  const std::size_t fit = looked.bytes == 0 ? page_size_ : looked.rows * most_bytes_ / looked.bytes;
  asks_for_ = std::clamp<std::size_t>(fit, 1, std::min({page_size_, most_at_once, 2 * asks_for_}));
}

std::shared_ptr<const EventFrame> Backfill::selected(std::span<const Cell> row,
                                                     const std::string& json) {
  try {
    const SeenEvent& event = reader_.read(json);
    const std::string searched = filter_.text ? searched_of(row) : std::string{};
    if (!selects(filter_, event, searched)) return nullptr;
    if (filter_.distinct && !resources_.emplace(row[events::resource_id].text()).second) {
      return nullptr;
    }
    return frame_of(event);
  } catch (const DataError&) {
    return nullptr;  // It was stored under other limits, or by somebody else.
  } catch (const TooManySteps&) {
    costly_ = true;
    return nullptr;
  }
}

}  // namespace hangar::gateway
