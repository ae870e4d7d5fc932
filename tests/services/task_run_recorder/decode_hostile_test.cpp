#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include "event_decoder.hpp"
#include "hangar/error.hpp"

namespace hangar::recorder::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double slower = 10;
#else
constexpr double slower = 1;
#endif

std::string event_with(const std::string& state_member, const std::string& run_member) {
  return R"({"occurred": "2026-11-20T00:00:00Z", "event": "prefect.task-run.Running",)"
         R"( "id": "3d235422-5376-46b2-8949-837378c02b33", "related": [],)"
         R"( "resource": {"prefect.orchestration": "client",)"
         R"( "prefect.resource.id": "prefect.task-run.7c475718-49dc-4b34-aae3-732d38c115d6"},)"
         R"( "payload": {"validated_state": {"type": "RUNNING", "name": "R")" +
         state_member + R"(}, "task_run": {"name": "n", "task_key": "k", "dynamic_key": "0")" +
         run_member + "}}}";
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string labels(std::size_t count, bool distinct) {
  std::string text = R"(, "labels": {)";
  for (std::size_t i = 0; i < count; ++i) {
    text += (i > 0 ? ",\"" : "\"") + (distinct ? std::to_string(i) : "same") + "\": 1";
  }
  return text + '}';
}

struct Hostile {
  const char* what;
  std::string message;
  const char* reason;  ///< Empty: it is recorded.
};

std::vector<Hostile> hostile_messages() {
  const auto data = [](const std::string& value) { return event_with(", \"data\": " + value, ""); };
  const auto nested = [&](std::size_t depth) {
    return data(std::string(depth, '[') + std::string(depth, ']'));
  };
  return {
      {"a million levels", nested(1'000'000), "too_deep"},
      {"ten thousand levels", nested(10'000), "too_deep"},
      {"nothing but a million levels", std::string(1'000'000, '{'), "parse_error"},
      {"a million keys", event_with("", labels(1'000'000, true)), ""},
      {"the same key a hundred thousand times", event_with("", labels(100'000, false)), ""},
      {"a string of a mebibyte", data('"' + std::string(1 << 20, 'x') + '"'), ""},
      {"a message of a mebibyte",
       event_with(", \"message\": \"" + std::string(1 << 20, 'x') + '"', ""), ""},
      {"a mebibyte of escapes", data('"' + repeated("\\u2603", 1 << 18) + '"'), ""},
      {"a number of a mebibyte", data(std::string(1 << 20, '7')), "parse_error"},
      {"a fraction of a mebibyte", data("0." + std::string(1 << 20, '7')), ""},
      {"half a million objects", data('[' + repeated("{},", 500'000) + "{}]"), ""},
      {"a mebibyte of blanks", data(std::string(1 << 20, ' ') + "1"), ""},
      {"a mebibyte that is cut off", data('"' + std::string(1 << 20, 'x')), "parse_error"},
  };
}

std::string reason_of(const std::string& message) {
  std::pmr::monotonic_buffer_resource texts;
  try {
    EventDecoder{}.decode(message, Timestamp{}, texts);
  } catch (const DataError& error) {
    return error.reason();
  }
  return {};
}

TEST(DecodeHostile, no_message_costs_more_than_50_ms_a_mebibyte) {
  double worst = 0;
  for (const Hostile& one : hostile_messages()) {
    const double mebibytes = std::max(1.0, static_cast<double>(one.message.size()) / (1 << 20));
    double cost = 1e9;
    // Others on the machine can make it dearer, never cheaper.
    for (int i = 0; i < 10 && cost >= 50 * slower; ++i) {
      const auto began = std::clock();
      EXPECT_EQ(reason_of(one.message), one.reason) << one.what;
      const auto took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
      cost = std::min(cost, took * 1000 / mebibytes);
    }
    EXPECT_LT(cost, 50 * slower) << one.what;
    worst = std::max(worst, cost);
  }
  std::cout << "figure E3: ms a MiB at worst = " << worst << '\n';
}

}  // namespace
}  // namespace hangar::recorder::test
