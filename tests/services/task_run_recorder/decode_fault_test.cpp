#include <gtest/gtest.h>

#include <memory_resource>
#include <string>

#include "event_decoder.hpp"
#include "hangar/error.hpp"
#include "postgres_limits.hpp"

namespace hangar::recorder::test {
namespace {

constexpr std::string_view valid =
    R"({"occurred": "2026-11-20T00:00:00Z", "event": "prefect.task-run.Running",)"
    R"( "id": "3d235422-5376-46b2-8949-837378c02b33",)"
    R"( "resource": {"prefect.orchestration": "client",)"
    R"( "prefect.resource.id": "prefect.task-run.7c475718-49dc-4b34-aae3-732d38c115d6"},)"
    R"( "related": [{"prefect.resource.role": "flow-run",)"
    R"( "prefect.resource.id": "prefect.flow-run.e88b7591-31db-4e32-98dc-b35f94c662cd"}],)"
    R"( "payload": {"validated_state": {"type": "RUNNING", "name": "R"},)"
    R"( "task_run": {"name": "n", "task_key": "k", "dynamic_key": "0", "tags": ["a"]}}})";

struct Fault {
  std::string_view old_text;
  std::string_view new_text;
  std::string_view reason;
  std::string_view pointer;
};

std::string replaced(std::string_view old_text, std::string_view new_text) {
  std::string text{valid};
  return text.replace(text.find(old_text), old_text.size(), new_text);
}

class DecodeFault : public testing::TestWithParam<Fault> {};

TEST_P(DecodeFault, names_its_reason_and_its_place) {
  const std::string message = replaced(GetParam().old_text, GetParam().new_text);
  std::pmr::monotonic_buffer_resource texts;
  try {
    EventDecoder{}.decode(message, Timestamp{}, texts);
    FAIL() << "taken: " << message;
  } catch (const DataError& error) {
    EXPECT_EQ(error.reason(), GetParam().reason);
    EXPECT_EQ(error.pointer(), GetParam().pointer) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, DecodeFault,
    testing::Values(
        Fault{"{\"occurred\"", "{occurred", "parse_error", ""},
        Fault{"\"n\"", "\"\\ud800\"", "parse_error", ""}, Fault{valid, "[1]", "not_an_event", ""},
        Fault{"\"occurred\"", "\"other\"", "missing_field", "/occurred"},
        Fault{"\"task_key\"", "\"a/b~\"", "missing_field", "/payload/task_run/task_key"},
        Fault{"\"task_run\"", "\"x\"", "missing_field", "/payload/task_run"},
        Fault{"\"prefect.resource.role\"", "\"x\"", "missing_field",
              "/related/0/prefect.resource.role"},
        Fault{"\"2026-11-20T00:00:00Z\"", "\"soon\"", "invalid_time", "/occurred"},
        Fault{"3d235422", "xd235422", "invalid_uuid", "/id"},
        Fault{"732d38c115d6", "732d38c115d", "invalid_uuid", "/resource/prefect.resource.id"},
        Fault{"prefect.flow-run.", "prefect.flow.", "wrong_kind", "/related/0/prefect.resource.id"},
        Fault{"\"RUNNING\"", "\"RUNING\"", "unknown_state_type", "/payload/validated_state/type"},
        Fault{"\"n\"", "\"n\", \"run_count\": null", "null_not_allowed",
              "/payload/task_run/run_count"},
        Fault{"\"n\"", "\"n\", \"run_count\": 2147483648", "out_of_range",
              "/payload/task_run/run_count"},
        Fault{"\"n\"", "\"n\", \"total_run_time\": \"P\"", "invalid_duration",
              "/payload/task_run/total_run_time"},
        Fault{"[\"a\"]", "[\"a\", 1]", "wrong_type", "/payload/task_run/tags/1"},
        Fault{"[\"a\"]", "[\"a\"], \"labels\": {\"x/y~z\": {}}", "wrong_type",
              "/payload/task_run/labels/x~1y~0z"},
        Fault{"[\"a\"]", "[\"a\", \"\\u0000\"]", "nul_byte", "/payload/task_run/tags/1"},
        Fault{"[\"a\"]", "[\"a\"], \"labels\": {\"\\u0000\": 1}", "nul_byte",
              "/payload/task_run/labels/\\u0000"},
        Fault{"\"R\"", "\"R\", \"state_details\": {\"deferred\": \"maybe\"}", "wrong_type",
              "/payload/validated_state/state_details/deferred"},
        Fault{"\"n\"", "\"n\", \"empirical_policy\": {\"retry_jitter_factor\": -1}", "out_of_range",
              "/payload/task_run/empirical_policy/retry_jitter_factor"}));

TEST(DecodeFault, is_none_for_a_storage_that_takes_nul_and_has_no_limit_of_an_index) {
  EventDecoder decoder;
  decoder.fit({});
  std::pmr::monotonic_buffer_resource texts;
  const auto nul = decoder.decode(
      replaced("\"n\"", R"("a\u0000b", "labels": {"\u0000": "\u0000"})"), Timestamp{}, texts);
  ASSERT_TRUE(nul);
  EXPECT_EQ(nul->run[task_run::name].text(), (std::string_view{"a\0b", 3}));
  EXPECT_EQ(nul->run[task_run::labels].text(), R"({"\u0000": "\u0000"})");
  std::string noise;
  for (unsigned i = 0; i < 9000; ++i) noise += static_cast<char>('A' + i * i % 23);
  const auto event = decoder.decode(replaced("\"n\"", "\"" + noise + "\""), Timestamp{}, texts);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->too_long_for_index, "");
  // What no storage is told to refuse: an event that is none.
  EXPECT_THROW(decoder.decode(replaced("\"task_key\"", "\"x\""), Timestamp{}, texts), DataError);
}

/// Reasons that only long messages have.
TEST(DecodeFault, of_size_and_depth_is_named) {
  const auto reason_of = [](const std::string& message) -> std::string {
    std::pmr::monotonic_buffer_resource texts;
    try {
      EventDecoder decoder;
      decoder.fit(postgres_limits);
      const auto event = decoder.decode(message, Timestamp{}, texts);
      if (event && !event->too_long_for_index.empty()) return "index_row_too_large";
    } catch (const DataError& error) {
      return error.reason();
    }
    return "none";
  };
  std::string noise;
  for (unsigned i = 0, seed = 1; i < 3000; ++i) {
    seed = seed * 1664525U + 1013904223U;
    noise += static_cast<char>('!' + (seed >> 24) % 90);
    if (noise.back() == '"' || noise.back() == '\\') noise.back() = ' ';
  }
  EXPECT_EQ(reason_of(replaced("\"n\"", "\"" + noise + "\"")), "index_row_too_large");
  EXPECT_EQ(reason_of(replaced("\"n\"", "\"n\", \"cache_key\": \"" + noise + "\"")), "too_long");
  EXPECT_EQ(reason_of(std::string(500'000, '[')), "too_deep");
  EXPECT_EQ(reason_of(std::string(200, '[') + "1" + std::string(200, ']')), "not_an_event");
}

}  // namespace
}  // namespace hangar::recorder::test
