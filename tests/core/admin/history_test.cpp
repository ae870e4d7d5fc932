#include "admin/history.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>

namespace json = boost::json;

namespace hangar {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const History::Clock::time_point start{};

Snapshot recorded(std::uint64_t acked) {
  Snapshot seen;
  auto& service = seen.services.emplace_back();
  service.name = "recorder";
  service.sources.emplace_back().acked = acked;
  return seen;
}

json::value told(const History& history) { return json::parse(history.json()); }

TEST(History, is_empty_before_the_first_look) {
  EXPECT_EQ(History{}.json(), "{\"age_ms\":[],\"dead_letters\":[],\"services\":{}}\n");
}

TEST(History, a_sample_is_taken_at_once_and_then_every_five_seconds) {
  History history;
  for (int tick = 0; tick <= 11; ++tick) {
    history.look(recorded(static_cast<std::uint64_t>(tick)), start + seconds{tick});
  }
  EXPECT_EQ(told(history).at("age_ms"), json::parse("[10000,5000,0]"));
  EXPECT_EQ(told(history).at("services").at("recorder").at("settled"), json::parse("[0,5,10]"));
}

TEST(History, ages_are_what_passed_and_not_what_was_meant) {
  History history;
  history.look(recorded(0), start);
  history.look(recorded(0), start + milliseconds{4999});
  history.look(recorded(0), start + milliseconds{5432});
  history.look(recorded(0), start + seconds{60});
  EXPECT_EQ(told(history).at("age_ms"), json::parse("[60000,54568,0]"));
}

TEST(History, a_quarter_of_an_hour_is_kept_and_no_more) {
  History history;
  for (int tick = 0; tick <= 5000; ++tick) {
    history.look(recorded(static_cast<std::uint64_t>(tick)), start + seconds{tick});
  }
  const auto all = told(history);
  EXPECT_EQ(all.at("age_ms").as_array().size(), 181U);
  EXPECT_EQ(all.at("age_ms").as_array().front(), 900'000);
  const auto& settled = all.at("services").at("recorder").at("settled").as_array();
  EXPECT_EQ(settled.size(), 181U);
  EXPECT_EQ(settled.front(), 4100);
  EXPECT_EQ(settled.back(), 5000);
}

TEST(History, after_a_long_stop_nothing_older_is_left) {
  History history;
  history.look(recorded(1), start);
  history.look(recorded(2), start + seconds{901});
  EXPECT_EQ(told(history).at("age_ms"), json::parse("[0]"));
}

TEST(History, of_several_sources_messages_are_added_and_the_furthest_behind_counts) {
  auto seen = recorded(3);
  auto& service = seen.services.at(0);
  service.sources.at(0).rejected = 2;
  service.sources.at(0).pending = 7;
  service.sources.at(0).lag_seconds = 4;
  service.sources.at(0).stored_letters = 6;
  auto& other = service.sources.emplace_back();
  other.acked = 10;
  other.pending = 1;
  other.lag_seconds = 9;
  other.stored_letters = 6;
  seen.services.emplace_back().name = "gateway";
  History history;
  history.look(seen, start);
  EXPECT_EQ(told(history), json::parse(R"({"age_ms": [0], "dead_letters": [6], "services": {
      "recorder": {"settled": [15], "pending": [8], "lag_seconds": [9]}}})"));
}

}  // namespace
}  // namespace hangar
