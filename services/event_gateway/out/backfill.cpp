#include "out/backfill.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <numeric>
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

/// The rows by the time when they occurred.
std::vector<std::size_t> in_order(const Rows& rows) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t row) {
    return std::pair{rows[row][events::occurred].timestamp(), rows[row][events::id].uuid()};
  });
  return order;
}

}  // namespace

struct Backfill::Page {
  Rows events{stored_events()};
  std::vector<Cell> last;  ///< The row that the next page comes behind.
  std::size_t rows = 0;    ///< That were read of the range.
};

Backfill::Backfill(const EventFilter& filter, const prefect::EventLimits& limits,
                   std::size_t page_size)
    : filter_{filter}, reader_{limits}, page_size_{page_size} {
  aim();
}

void Backfill::aim() {
  done_ = filter_.until < filter_.since;
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

Rows Backfill::events_of(Session& session, const std::vector<Cell>& ids) const {
  const Keys keys{.columns = {events::id}, .values = ids};
  return session.find(stored_events(), {&keys, 1}, event_columns, Lock::none);
}

Backfill::Page Backfill::read(Session& session) const {
  Page page;
  if (table_ == nullptr) {
    page.events = events_of(session, {filter_.id.begin(), filter_.id.end()});
    return page;
  }
  const bool resources = table_ == &stored_resources();
  Rows found = session.scan(*table_, range_,
                            resources ? std::span<const std::size_t>{resource_columns}
                                      : std::span<const std::size_t>{event_columns},
                            page_size_);
  page.rows = found.size();
  if (page.rows > 0) {
    const auto last = found[page.rows - 1];
    page.last.resize(last.size());
    // These are no views.
    for (const std::size_t column : {std::size_t{0}, range_.column})
      page.last[column] = last[column];
  }
  if (!resources) {
    page.events = std::move(found);
    return page;
  }
  std::vector<Cell> ids;
  for (std::size_t row = 0; row < found.size(); ++row) {
    const Uuid id = found[row][event_resources::event_id].uuid();
    if (!known_.contains(id)) ids.emplace_back(id);
  }
  if (!ids.empty()) page.events = events_of(session, ids);
  return page;
}

EventFrames Backfill::next(Session& session) {
  const Page page = read(session);
  EventFrames frames;
  for (const std::size_t row : in_order(page.events)) {
    if (!known_.insert(page.events[row][events::id].uuid()).second) continue;
    if (auto frame = selected(page.events, row)) frames.push_back(std::move(frame));
    if (costly_) break;
  }
  rows_ += page.rows;
  done_ = page.rows < page_size_;
  cut_ = !done_ && rows_ >= most_rows;
  done_ = done_ || cut_ || costly_;
  range_.after = page.last;
  return frames;
}

std::shared_ptr<const EventFrame> Backfill::selected(const Rows& rows, std::size_t row) {
  const std::span<const Cell> cells = rows[row];
  const std::string json = json_of(cells);
  try {
    const SeenEvent& event = reader_.read(json);
    const std::string searched = filter_.text ? searched_of(cells) : std::string{};
    if (!selects(filter_, event, searched)) return nullptr;
    if (filter_.distinct && !resources_.emplace(cells[events::resource_id].text()).second) {
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
