#include "retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <memory_resource>

#include "hangar/error.hpp"
#include "prefect/duration.hpp"
#include "prefect/json/json_document.hpp"
#include "prefect/json/json_members.hpp"

namespace hangar::persister {
namespace {

using prefect::JsonValue;

constexpr const char* overrides_path =
    "services.event_persister.db_vacuum.event_retention_overrides";

/// A list, or what Prefect takes in its place: `true` is everything, `false` is `events`.
bool deletes_events(const std::vector<std::string>& enabled) {
  constexpr std::array<std::string_view, 3> types{"events", "flow_runs", "orphans"};
  constexpr std::array<std::string_view, 4> switches{"true", "1", "false", "0"};
  bool events = false;
  for (const std::string& word : enabled) {
    const std::string type = boost::algorithm::trim_copy(word);
    const std::string lowered = boost::algorithm::to_lower_copy(type);
    if (enabled.size() == 1 && std::ranges::find(switches, lowered) != switches.end()) return true;
    if (std::ranges::find(types, type) == types.end()) {
      throw ConfigError{
          fmt::format("services.event_persister.db_vacuum.enabled: '{}' is none of events, "
                      "flow_runs and orphans",
                      type)};
    }
    events = events || type == "events";
  }
  return events;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A number of seconds, also in a string, or an ISO 8601 duration. Nothing for anything else.
std::optional<Interval> retention(JsonValue value) {
  std::array<std::byte, 256> buffer;
  std::pmr::monotonic_buffer_resource memory{buffer.data(), buffer.size()};
  std::optional<prefect::Duration> duration;
  using Kind = JsonValue::Kind;
  const bool is_text = value.is(Kind::string);
  if (!is_text && !value.is(Kind::integer) && !value.is(Kind::real)) return std::nullopt;
  const std::string_view text = is_text ? value.text(memory) : value.token();
  if (const auto seconds = number(text)) {
    if (std::isfinite(*seconds)) duration = prefect::duration_of(*seconds);
  } else if (is_text) {
    duration = prefect::parse_duration(text);
  }
  return duration ? duration->interval() : std::nullopt;
}

std::vector<RetentionPass> overrides(const std::string& text) {
  std::vector<RetentionPass> passes;
  if (boost::algorithm::trim_copy(text).empty()) return passes;
  prefect::JsonDocument document;
  JsonValue root;
  try {
    root = document.parse(text);
  } catch (const DataError& error) {
    throw ConfigError{fmt::format("{}: {}", overrides_path, error.what())};
  }
  if (!root.is(JsonValue::Kind::object)) {
    throw ConfigError{
        fmt::format("{}: expected a JSON object such as {{\"my.event\": 86400}}", overrides_path)};
  }
  for (const auto& member : prefect::JsonMembers{root}) {
    const auto keep = retention(member.value);
    if (!keep || *keep <= Interval{0}) {
      throw ConfigError{
          fmt::format("{}: '{}' needs a number of seconds above 0", overrides_path, member.name)};
    }
    passes.push_back({.event = std::string{member.name}, .keep = *keep});
  }
  return passes;
}

}  // namespace

std::vector<RetentionPass> retention_passes(const VacuumSettings& settings) {
  std::vector<RetentionPass> passes = overrides(settings.event_retention_overrides);
  if (!deletes_events(settings.enabled)) return {};
  const Interval all = settings.retention_period;
  std::erase_if(passes, [&](const RetentionPass& pass) { return pass.keep >= all; });
  passes.push_back({.event = {}, .keep = all});
  return passes;
}

Timestamp cutoff(const RetentionPass& pass, Timestamp now) noexcept {
  using namespace std::chrono;
  constexpr Timestamp first{sys_days{year{1} / January / 1}};
  return pass.keep > now - first ? first : now - pass.keep;
}

}  // namespace hangar::persister
