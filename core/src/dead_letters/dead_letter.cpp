#include "dead_letters/dead_letter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hangar/version.hpp"
#include "text/number.hpp"
#include "text/utc.hpp"

namespace hangar {
namespace {

constexpr std::size_t longest_value = 4096;
// Where there is no room for that.
constexpr std::size_t short_value = 256;
// The line of Hangar-Dlq-Truncated.
constexpr std::size_t longest_truncated = 44;
constexpr std::string_view prefix_of_originals = "Hangar-Dlq-Original-";

std::string harmless(std::string_view value) {
  std::string text{value};
  for (char& c : text) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  return text;
}

std::string cut(std::string_view value, std::size_t longest = longest_value) {
  if (value.size() > longest) {
    std::size_t end = longest;
    // Not within a UTF-8 sequence.
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
    value = value.substr(0, end);
  }
  return harmless(value);
}

std::string text(const Headers& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Headers::value_type::first);
  return found == headers.end() ? std::string{} : found->second;
}

std::uint64_t number(const Headers& headers, std::string_view name) {
  return parse_number<std::uint64_t>(text(headers, name)).value_or(0);
}

}  // namespace

std::string dead_letter_subject(std::string_view service) {
  return fmt::format("hangar.dlq.{}", service);
}

Headers dead_letter_headers(const DeadLetterOrigin& origin, const Rejection& why,
                            const Headers& original) {
  const std::string again = origin.after > 0 ? fmt::format(":after:{}", origin.after) : "";
  Headers headers{
      {"Nats-Msg-Id", fmt::format("dlq:{}:{}:{}:{}{}", origin.service, origin.stream,
                                  origin.stream_created, origin.sequence, again)},
      {"Hangar-Dlq-Reason", cut(why.reason)},
      {"Hangar-Dlq-Error", cut(why.error)},
      {"Hangar-Dlq-Service", origin.service},
      {"Hangar-Dlq-Stream", origin.stream},
      {"Hangar-Dlq-Subject", cut(origin.subject)},
      {"Hangar-Dlq-Sequence", fmt::format("{}", origin.sequence)},
      {"Hangar-Dlq-Deliveries", fmt::format("{}", origin.deliveries)},
      {"Hangar-Dlq-Time", utc_text(origin.rejected)},
      {"Hangar-Dlq-Host-Version", std::string{version}},
  };
  if (!why.pointer.empty()) headers.emplace_back("Hangar-Dlq-Pointer", cut(why.pointer));
  if (!why.sqlstate.empty()) headers.emplace_back("Hangar-Dlq-Sqlstate", cut(why.sqlstate));
  for (const auto& [name, value] : original) {
    headers.emplace_back(fmt::format("{}{}", prefix_of_originals, name), harmless(value));
  }
  return headers;
}

DeadLetterParts dead_letter(const DeadLetterOrigin& origin, const Rejection& why,
                            const Headers& original, std::string_view body,
                            std::uint64_t max_payload) {
  DeadLetterParts parts{dead_letter_headers(origin, why, original), std::string{body}};
  if (max_payload == 0 || wire_size(parts.headers) + body.size() <= max_payload) return parts;
  parts.headers = dead_letter_headers(origin, why, {});
  if (wire_size(parts.headers) + longest_truncated + body.size() > max_payload) {
    const Rejection brief{cut(why.reason, short_value), cut(why.error, short_value),
                          cut(why.pointer, short_value), cut(why.sqlstate, short_value)};
    parts.headers = dead_letter_headers(origin, brief, {});
  }
  parts.headers.emplace_back("Hangar-Dlq-Truncated", fmt::format("{}", body.size()));
  const std::uint64_t taken = wire_size(parts.headers);
  const std::uint64_t room = max_payload - std::min(max_payload, taken);
  parts.body.resize(std::min<std::uint64_t>(parts.body.size(), room));
  return parts;
}

DeadLetter read_dead_letter(const Headers& headers, std::size_t body_size) {
  const std::uint64_t told = number(headers, "Nats-Msg-Size");  // of a body that did not come
  const std::uint64_t whole = number(headers, "Hangar-Dlq-Truncated");
  return {.service = text(headers, "Hangar-Dlq-Service"),
          .stream = text(headers, "Hangar-Dlq-Stream"),
          .subject = text(headers, "Hangar-Dlq-Subject"),
          .sequence = number(headers, "Hangar-Dlq-Sequence"),
          .deliveries = number(headers, "Hangar-Dlq-Deliveries"),
          .time = text(headers, "Hangar-Dlq-Time"),
          .reason = text(headers, "Hangar-Dlq-Reason"),
          .error = text(headers, "Hangar-Dlq-Error"),
          .pointer = text(headers, "Hangar-Dlq-Pointer"),
          .sqlstate = text(headers, "Hangar-Dlq-Sqlstate"),
          .size = whole > 0 ? whole : std::max<std::uint64_t>(told, body_size),
          .incomplete = !text(headers, "Hangar-Dlq-Truncated").empty()};
}

bool selects(const DeadLetterFilter& filter, const DeadLetter& letter) {
  const auto& chosen = filter.sequences;
  return (filter.service.empty() || filter.service == letter.service) &&
         (filter.reason.empty() || filter.reason == letter.reason) &&
         (!filter.since || letter.stored >= *filter.since) &&
         (chosen.empty() || std::ranges::find(chosen, letter.dead_letter_sequence) != chosen.end());
}

Headers original_headers(const Headers& letter) {
  Headers originals;
  for (const auto& [name, value] : letter) {
    if (!name.starts_with(prefix_of_originals)) continue;
    originals.emplace_back(name.substr(prefix_of_originals.size()), value);
  }
  return originals;
}

Headers republished_headers(const Headers& original) {
  Headers headers;
  for (const auto& header : original) {
    const std::string& name = header.first;
    const bool decides = name == "Nats-Msg-Id" || name == "Nats-Rollup" || name == "Nats-TTL" ||
                         name.starts_with("Nats-Expected-");
    if (!decides) headers.push_back(header);
  }
  return headers;
}

std::string replay_id(std::string_view created, std::uint64_t dead_letter_sequence) {
  return fmt::format("hangar-replay:{}:{}", created, dead_letter_sequence);
}

}  // namespace hangar
