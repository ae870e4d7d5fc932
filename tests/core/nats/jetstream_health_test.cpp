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
struct Row {
  enum class Event { connected, served, failed, quorate, alone } event;
  milliseconds sent{}, now{};
  Trouble why = none;
  Trouble shown = none;
  bool leave = false;
};
using enum Row::Event;

struct Story {
  const char* name;
  std::vector<Row> rows;
};

const std::vector<Story> stories{
    {"a call that nobody answers for its 5 s is enough",
     {{connected},
      {failed, 0ms, 5000ms, unanswered, unanswered, true},
      {connected, {}, {}, {}, unanswered},
      {served}}},
    {"a leader that is chosen anew is waited for",
     {{served},
      {failed, 0ms, 0ms, unavailable},
      {failed, 250ms, 250ms, unavailable},
      {failed, 3499ms, 3499ms, unavailable},
      {served},
      {failed, 3600ms, 3600ms, unavailable},
      {failed, 7000ms, 7000ms, unavailable}}},
    {"a cluster without a majority is left, and again when its next server is the same",
     {{failed, 0ms, 0ms, unavailable},
      {failed, 3500ms, 3500ms, unavailable, unavailable, true},
      {connected, {}, {}, {}, unavailable},
      {failed, 3600ms, 3600ms, unavailable, unavailable},
      {failed, 7100ms, 7100ms, unavailable, unavailable, true}}},
    {"what is shown is the last that was seen",
     {{failed, 0ms, 5000ms, unanswered, unanswered, true},
      {failed, 5000ms, 5000ms, no_responders, unanswered},
      {failed, 8500ms, 8500ms, no_responders, no_responders, true}}},
    {"a user who may not ask stays where he is",
     {{failed, 0ms, 5000ms, denied, denied}, {failed, 5000ms, 10'000ms, denied, denied}, {served}}},
    {"a slow call says nothing while messages come",
     {{served, {}, 4000ms},
      {failed, 0ms, 5000ms, unanswered},
      {failed, 5000ms, 7400ms, unanswered},
      {failed, 5000ms, 7500ms, unanswered, unanswered, true}}},
    {"several calls at once count from the first, whichever ends first",
     {{failed, 3000ms, 4000ms, unavailable}, {failed, 0ms, 4000ms, unanswered, unanswered, true}}},
    {"a leader that hears no majority is left, whatever it still serves",
     {{quorate, 0ms, 10ms},
      {alone, 5000ms, 5010ms, {}, unavailable, true},
      {served, {}, 5100ms, {}, unavailable},
      {alone, 6000ms, 6010ms, {}, unavailable},
      {alone, 8600ms, 8610ms, {}, unavailable, true},
      {connected, {}, {}, {}, unavailable},
      {quorate, 9000ms, 9010ms},
      {served, {}, 9100ms}}},
};

TEST(JetStreamHealth, each_story_is_judged_as_its_table_says) {
  for (const auto& [name, rows] : stories) {
    JetStreamHealth health;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row& row = rows[i];
      const auto at = [](milliseconds since) { return JetStreamHealth::Time{} + since; };
      const JetStreamHealth::Verdict verdict =
          row.event == connected ? health.connected()
          : row.event == served  ? health.served(at(row.now))
          : row.event == failed  ? health.failed(row.why, at(row.sent), at(row.now))
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
