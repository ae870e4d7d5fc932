#include "nats/dead_letter.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "hangar/version.hpp"

namespace hangar {
namespace {

constexpr std::size_t longest_value = 4096;
constexpr std::string_view prefix_of_originals = "Hangar-Dlq-Original-";

std::string harmless(std::string_view value) {
  std::string text{value};
  for (char& c : text) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  return text;
}

std::string cut(std::string_view value) {
  if (value.size() > longest_value) {
    std::size_t end = longest_value;
    // Not within a UTF-8 sequence.
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
    value = value.substr(0, end);
  }
  return harmless(value);
}

std::string utc(std::chrono::sys_time<std::chrono::nanoseconds> time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), micros.count());
}

// `NATS/1.0`, a line for each header, an empty line.
std::uint64_t wire_size(const Headers& headers) {
  std::uint64_t size = 12;
  for (const auto& [name, value] : headers) size += name.size() + value.size() + 4;
  return size;
}

std::string text(natsMsg& message, const char* name) {
  return std::string{header_of(message, name).value_or("")};
}

std::uint64_t number(natsMsg& message, const char* name) {
  const std::string_view digits = header_of(message, name).value_or("");
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

std::string dead_letter_subject(std::string_view service) {
  return fmt::format("hangar.dlq.{}", service);
}

Headers dead_letter_headers(const DeadLetterOrigin& origin, const Rejection& why,
                            const Headers& original) {
  Headers headers{
      {"Nats-Msg-Id", fmt::format("dlq:{}:{}:{}:{}", origin.service, origin.stream,
                                  origin.stream_created, origin.sequence)},
      {"Hangar-Dlq-Reason", cut(why.reason)},
      {"Hangar-Dlq-Error", cut(why.error)},
      {"Hangar-Dlq-Service", origin.service},
      {"Hangar-Dlq-Stream", origin.stream},
      {"Hangar-Dlq-Subject", cut(origin.subject)},
      {"Hangar-Dlq-Sequence", fmt::format("{}", origin.sequence)},
      {"Hangar-Dlq-Deliveries", fmt::format("{}", origin.deliveries)},
      {"Hangar-Dlq-Time", utc(origin.rejected)},
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
  parts.headers.emplace_back("Hangar-Dlq-Truncated", fmt::format("{}", body.size()));
  const std::uint64_t taken = wire_size(parts.headers);
  const std::uint64_t room = max_payload - std::min(max_payload, taken);
  parts.body.resize(std::min<std::uint64_t>(parts.body.size(), room));
  return parts;
}

DeadLetter read_dead_letter(natsMsg& message) {
  return {
      .dead_letter_sequence = 0,
      .service = text(message, "Hangar-Dlq-Service"),
      .stream = text(message, "Hangar-Dlq-Stream"),
      .subject = text(message, "Hangar-Dlq-Subject"),
      .sequence = number(message, "Hangar-Dlq-Sequence"),
      .deliveries = number(message, "Hangar-Dlq-Deliveries"),
      .time = text(message, "Hangar-Dlq-Time"),
      .reason = text(message, "Hangar-Dlq-Reason"),
      .error = text(message, "Hangar-Dlq-Error"),
      .pointer = text(message, "Hangar-Dlq-Pointer"),
      .sqlstate = text(message, "Hangar-Dlq-Sqlstate"),
      .size = std::max<std::uint64_t>(number(message, "Nats-Msg-Size"), body_of(message).size())};
}

}  // namespace hangar
