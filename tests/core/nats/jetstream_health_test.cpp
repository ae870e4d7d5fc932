#include "nats/jetstream_health.hpp"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Trouble = JetStreamHealth::Trouble;
using enum JetStreamHealth::Trouble;
using std::chrono::milliseconds;

/// What happens, and what is judged then.
struct HealthRow {
  enum class Event { connects, serves, fails, quorate, alone } event;
  milliseconds sent{}, now{};
  Trouble why = none;
  Trouble shown = none;
  bool leave = false;
};
using enum HealthRow::Event;

struct HealthStory {
  const char* name;
  std::vector<HealthRow> rows;
};

const std::vector<HealthStory> health_stories{
    {"a call that nobody answers for its 5 s is enough",
     {{connects},
      {fails, 0ms, 5000ms, unanswered, unanswered, true},
      {connects, {}, {}, {}, unanswered},
      {serves}}},
    {"a leader that is chosen anew is waited for",
     {{serves},
      {fails, 0ms, 0ms, unavailable},
      {fails, 250ms, 250ms, unavailable},
      {fails, 3499ms, 3499ms, unavailable},
      {serves},
      {fails, 3600ms, 3600ms, unavailable},
      {fails, 7000ms, 7000ms, unavailable}}},
    {"a cluster without a majority is left, and again when its next server is the same",
     {{fails, 0ms, 0ms, unavailable},
      {fails, 3500ms, 3500ms, unavailable, unavailable, true},
      {connects, {}, {}, {}, unavailable},
      {fails, 3600ms, 3600ms, unavailable, unavailable},
      {fails, 7100ms, 7100ms, unavailable, unavailable, true}}},
    {"what is shown is the last that was seen",
     {{fails, 0ms, 5000ms, unanswered, unanswered, true},
      {fails, 5000ms, 5000ms, no_responders, unanswered},
      {fails, 8500ms, 8500ms, no_responders, no_responders, true}}},
    {"a user who may not ask stays where he is",
     {{fails, 0ms, 5000ms, denied, denied}, {fails, 5000ms, 10'000ms, denied, denied}, {serves}}},
    {"a slow call says nothing while messages come",
     {{serves, {}, 4000ms},
      {fails, 0ms, 5000ms, unanswered},
      {fails, 5000ms, 7400ms, unanswered},
      {fails, 5000ms, 7500ms, unanswered, unanswered, true}}},
    {"several calls at once count from the first, whichever ends first",
     {{fails, 3000ms, 4000ms, unavailable}, {fails, 0ms, 4000ms, unanswered, unanswered, true}}},
    {"a leader that hears no majority is left, whatever it still serves",
     {{quorate, 0ms, 10ms},
      {alone, 5000ms, 5010ms, {}, unavailable, true},
      {serves, {}, 5100ms, {}, unavailable},
      {alone, 6000ms, 6010ms, {}, unavailable},
      {alone, 8600ms, 8610ms, {}, unavailable, true},
      {connects, {}, {}, {}, unavailable},
      {quorate, 9000ms, 9010ms},
      {serves, {}, 9100ms}}},
};

TEST(JetStreamHealth, each_story_is_judged_as_its_table_says) {
  for (const auto& [name, rows] : health_stories) {
    JetStreamHealth health;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const HealthRow& row = rows[i];
      const auto at = [](milliseconds since) { return JetStreamHealth::Time{} + since; };
      const JetStreamHealth::Verdict verdict =
          row.event == connects ? health.connected()
          : row.event == serves ? health.served(at(row.now))
          : row.event == fails  ? health.failed(row.why, at(row.sent), at(row.now))
                                : health.answered(row.event == quorate, at(row.sent), at(row.now));
      EXPECT_EQ(verdict.trouble, row.shown) << name << ", row " << i;
      EXPECT_EQ(verdict.leave, row.leave) << name << ", row " << i;
    }
  }
}

TEST(JetStreamHealth, each_trouble_has_words) {
  EXPECT_TRUE(describe(none).empty());
  for (const Trouble trouble : {unanswered, unavailable, no_responders, denied}) {
    EXPECT_FALSE(describe(trouble).empty());
  }
}

}  // namespace
}  // namespace hangar
