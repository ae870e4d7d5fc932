#include "nats/dead_letter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace hangar {
namespace {

DeadLetterOrigin origin() {
  return {.service = "recorder",
          .stream = "EVENTS",
          .stream_created = "2026-11-24T03:32:52.9Z",
          .subject = "events.task",
          .sequence = 42,
          .deliveries = 3,
          .rejected = std::chrono::sys_time<std::chrono::nanoseconds>{
              std::chrono::nanoseconds{1'700'000'000'123'456'789}}};
}

Rejection why() {
  return {.reason = "nul_byte", .error = "has a NUL", .pointer = "/id", .sqlstate = "22P05"};
}

std::map<std::string, std::string> map_of(const Headers& headers) {
  return {headers.begin(), headers.end()};
}

TEST(DeadLetter, headers_tell_reason_and_origin) {
  const auto headers = map_of(dead_letter_headers(origin(), why(), {{"Kind", "odd"}}));
  const std::map<std::string, std::string> wanted{
      {"Nats-Msg-Id", "dlq:recorder:EVENTS:2026-11-24T03:32:52.9Z:42"},
      {"Hangar-Dlq-Reason", "nul_byte"},
      {"Hangar-Dlq-Error", "has a NUL"},
      {"Hangar-Dlq-Pointer", "/id"},
      {"Hangar-Dlq-Sqlstate", "22P05"},
      {"Hangar-Dlq-Service", "recorder"},
      {"Hangar-Dlq-Stream", "EVENTS"},
      {"Hangar-Dlq-Subject", "events.task"},
      {"Hangar-Dlq-Sequence", "42"},
      {"Hangar-Dlq-Deliveries", "3"},
      {"Hangar-Dlq-Time", "2023-11-14T22:13:20.123456Z"},
      {"Hangar-Dlq-Host-Version", "0.1.0"},
      {"Hangar-Dlq-Original-Kind", "odd"},
  };
  EXPECT_EQ(headers, wanted);
}

TEST(DeadLetter, nothing_in_a_value_breaks_the_header_block) {
  Rejection hostile = why();
  hostile.error = std::string{"a\r\nInjected: yes\0b", 18};
  hostile.pointer = std::string(10'000, 'x');
  hostile.reason = std::string(4095, 'x') + "é";
  const auto headers =
      map_of(dead_letter_headers(origin(), hostile, {{"Kind", "x\r\nInjected: yes"}}));
  for (const auto& [name, value] : headers) {
    EXPECT_EQ(value.find_first_of(std::string_view{"\r\n\0", 3}), std::string::npos) << name;
    EXPECT_LE(value.size(), 4096U) << name;
  }
  EXPECT_EQ(headers.at("Hangar-Dlq-Error"), "a  Injected: yes b");
  EXPECT_EQ(headers.at("Hangar-Dlq-Pointer").size(), 4096U);
  EXPECT_EQ(headers.at("Hangar-Dlq-Reason").size(), 4095U) << "cut between code points";
}

TEST(DeadLetter, body_is_the_event_byte_for_byte) {
  const std::string body{"a\0b\xff", 4};
  const auto parts = dead_letter(origin(), why(), {{"Kind", "odd"}}, body, 8'000'000);
  EXPECT_EQ(parts.body, body);
  EXPECT_FALSE(map_of(parts.headers).contains("Hangar-Dlq-Truncated"));
}

TEST(DeadLetter, what_is_too_large_for_the_server_is_cut_and_says_so) {
  const std::string body(10'000, 'x');
  const auto parts = dead_letter(origin(), why(), {{"Kind", "odd"}}, body, 10'000);
  const auto headers = map_of(parts.headers);
  EXPECT_EQ(headers.at("Hangar-Dlq-Truncated"), "10000");
  EXPECT_FALSE(headers.contains("Hangar-Dlq-Original-Kind"));
  std::size_t size = parts.body.size() + 12;
  for (const auto& [name, value] : parts.headers) size += name.size() + value.size() + 4;
  EXPECT_EQ(size, 10'000U);
}

TEST(DeadLetter, reading_gives_back_what_was_written) {
  const auto parts = dead_letter(origin(), why(), {}, "body", 8'000'000);
  const WireMessage message =
      make_message(dead_letter_subject("recorder"), "", parts.body, parts.headers);
  const DeadLetter letter = read_dead_letter(*message);
  EXPECT_EQ(letter.service, "recorder");
  EXPECT_EQ(letter.stream, "EVENTS");
  EXPECT_EQ(letter.subject, "events.task");
  EXPECT_EQ(letter.sequence, 42U);
  EXPECT_EQ(letter.deliveries, 3U);
  EXPECT_EQ(letter.reason, "nul_byte");
  EXPECT_EQ(letter.error, "has a NUL");
  EXPECT_EQ(letter.pointer, "/id");
  EXPECT_EQ(letter.sqlstate, "22P05");
  EXPECT_EQ(letter.time, "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(letter.size, 4U);
}

}  // namespace
}  // namespace hangar
