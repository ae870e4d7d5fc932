#include "dead_letters/dead_letter.hpp"

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

Rejection why() { return {"nul_byte", "has a NUL", "/id", "22P05"}; }

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

std::size_t size_of(const DeadLetterParts& parts) {
  return wire_size(parts.headers) + parts.body.size();
}

TEST(DeadLetter, original_headers_go_before_any_byte_of_the_event_does) {
  const std::string body(9'000, 'x');
  const auto parts =
      dead_letter(origin(), why(), {{"Kind", std::string(2'000, 'k')}}, body, 10'000);
  EXPECT_EQ(parts.body, body);
  EXPECT_EQ(map_of(parts.headers).at("Hangar-Dlq-Error"), "has a NUL");
  EXPECT_EQ(map_of(parts.headers).at("Hangar-Dlq-Truncated"), "9000");
}

TEST(DeadLetter, texts_are_cut_before_any_byte_of_the_event_is) {
  Rejection wordy = why();
  wordy.error = std::string(4'000, 'e');
  wordy.pointer = std::string(4'000, 'p');
  const std::string body(8'500, 'x');
  const auto parts = dead_letter(origin(), wordy, {}, body, 10'000);
  EXPECT_EQ(parts.body, body);
  EXPECT_EQ(map_of(parts.headers).at("Hangar-Dlq-Error"), std::string(256, 'e'));
  EXPECT_EQ(map_of(parts.headers).at("Hangar-Dlq-Pointer"), std::string(256, 'p'));
}

TEST(DeadLetter, letter_of_any_event_fits) {
  Rejection wordy = why();
  wordy.error = std::string(10'000, 'e');
  for (const std::size_t body : {0U, 1U, 1'000U, 4'000U, 7'000U, 7'999U, 8'000U}) {
    for (const std::size_t header : {0U, 100U, 3'000U, 7'900U}) {
      const auto parts = dead_letter(origin(), wordy, {{"Kind", std::string(header, 'k')}},
                                     std::string(body, 'x'), 8'000);
      EXPECT_LE(size_of(parts), 8'000U) << body << " bytes, header of " << header;
      const DeadLetter letter = read_dead_letter(parts.headers, parts.body.size());
      EXPECT_EQ(letter.size, body);
      const Headers original = original_headers(parts.headers);
      const bool whole = parts.body.size() == body && original.size() == 1;
      EXPECT_EQ(letter.incomplete, !whole);
    }
  }
}

TEST(DeadLetter, reading_gives_back_what_was_written) {
  const auto parts =
      dead_letter(origin(), why(), {{"Kind", "odd"}, {"Kind", "even"}}, "body", 8'000'000);
  const DeadLetter letter = read_dead_letter(parts.headers, parts.body.size());
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
  EXPECT_FALSE(letter.incomplete);
  const Headers wanted{{"Kind", "odd"}, {"Kind", "even"}};
  EXPECT_EQ(original_headers(parts.headers), wanted);
}

TEST(DeadLetter, headers_by_which_a_server_refuses_do_not_go_with_the_event_again) {
  const Headers original{{"Kind", "odd"},
                         {"Nats-Msg-Id", "1"},
                         {"Nats-Expected-Last-Sequence", "41"},
                         {"Nats-Rollup", "all"},
                         {"Traceparent", "00-1"}};
  const Headers wanted{{"Kind", "odd"}, {"Traceparent", "00-1"}};
  EXPECT_EQ(republished_headers(original), wanted);
}

TEST(DeadLetter, replay_has_one_id_for_a_letter_and_another_for_any_other) {
  EXPECT_EQ(replay_id("then", 7), replay_id("then", 7));
  EXPECT_NE(replay_id("then", 7), replay_id("then", 8));
  EXPECT_NE(replay_id("then", 7), replay_id("later", 7)) << "a stream that was made anew";
}

TEST(DeadLetterFilter, selects_what_is_of_every_kind_that_it_names) {
  using namespace std::chrono_literals;
  const std::chrono::sys_time<std::chrono::nanoseconds> noon{43'200s};
  DeadLetter letter;
  letter.dead_letter_sequence = 7;
  letter.sequence = 42;
  letter.service = "recorder";
  letter.reason = "nul_byte";
  letter.stored = noon;
  const auto of = [](std::string service, std::string reason,
                     std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> since,
                     std::vector<std::uint64_t> sequences) {
    DeadLetterFilter filter;
    filter.service = std::move(service);
    filter.reason = std::move(reason);
    filter.since = since;
    filter.sequences = std::move(sequences);
    return filter;
  };
  const std::pair<DeadLetterFilter, bool> cases[]{
      {{}, true},
      {of("recorder", "", {}, {}), true},
      {of("logger", "", {}, {}), false},
      {of("", "nul_byte", {}, {}), true},
      {of("", "nul", {}, {}), false},
      {of("", "", noon, {}), true},
      {of("", "", noon + 1ns, {}), false},
      {of("", "", {}, {6, 7}), true},
      {of("", "", {}, {42}), false},  // the event's number
      {of("recorder", "nul_byte", noon, {7}), true},
      {of("recorder", "too_deep", noon, {7}), false},
  };
  for (const auto& [filter, selected] : cases) {
    EXPECT_EQ(selects(filter, letter), selected)
        << filter.service << ' ' << filter.reason << ' ' << filter.sequences.size();
  }
}

}  // namespace
}  // namespace hangar
