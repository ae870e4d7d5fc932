#include "retention.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "hangar/error.hpp"

namespace hangar::persister {
namespace {

using namespace std::chrono_literals;

constexpr Interval a_day = 24h;

std::vector<RetentionPass> passes(const std::string& overrides, Interval keep = 7 * a_day) {
  VacuumSettings settings;
  settings.retention_period = std::chrono::duration_cast<Duration>(keep);
  settings.event_retention_overrides = overrides;
  return retention_passes(settings);
}

TEST(Retention, passes_are_those_of_prefect_without_those_that_change_nothing) {
  const RetentionPass all{.event = {}, .keep = 7 * a_day};
  const auto with = [&](const char* name, Interval keep) {
    return std::vector<RetentionPass>{{.event = name, .keep = keep}, all};
  };
  EXPECT_EQ(retention_passes({}), std::vector{all});
  EXPECT_EQ(passes(""), std::vector{all});
  EXPECT_EQ(passes("{}"), std::vector{all});
  EXPECT_EQ(passes(R"({"a": 604800, "b": 1e9, "c": "P8D"})"), std::vector{all});
  EXPECT_EQ(passes(R"({"a": 3600})"), with("a", 1h));
  EXPECT_EQ(passes(R"({"a": 0.5})"), with("a", 500ms));
  EXPECT_EQ(passes(R"({"a": "3600"})"), with("a", 1h));
  EXPECT_EQ(passes(R"({"a": "PT1H"})"), with("a", 1h));
  EXPECT_EQ(passes(R"({"a": 1, "a": 3600})"), with("a", 1h));
  EXPECT_EQ(passes(R"({"\u00e9*": 60})"), with("é*", 1min));
}

TEST(Retention, what_prefect_refuses_is_refused_by_name) {
  for (const char* text : {"[]", "7", "{", R"({"a": 0})", R"({"a": -1})", R"({"a": null})",
                           R"({"a": "soon"})", R"({"a": true})", R"({"a": NaN})"}) {
    try {
      passes(text);
      ADD_FAILURE() << text;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string{error.what()}.find("event_retention_overrides"), std::string::npos);
    }
  }
}

TEST(Retention, it_is_switched_off_by_a_list_without_events) {
  const auto on = [](std::vector<std::string> enabled) {
    VacuumSettings settings;
    settings.enabled = std::move(enabled);
    return !retention_passes(settings).empty();
  };
  EXPECT_TRUE(on({"events"}));
  EXPECT_TRUE(on({"flow_runs", " events "}));
  for (const char* all : {"true", "True", "1", "false", "0"}) EXPECT_TRUE(on({all})) << all;
  EXPECT_FALSE(on({}));
  EXPECT_FALSE(on({"flow_runs", "orphans"}));
  EXPECT_THROW(on({"event"}), ConfigError);
  EXPECT_THROW(on({"true", "events"}), ConfigError);
}

TEST(Retention, what_is_older_than_any_calendar_is_the_first_year) {
  const Timestamp now{std::chrono::sys_days{std::chrono::November / 20 / 2026}};
  EXPECT_EQ(cutoff({.event = {}, .keep = a_day}, now), now - a_day);
  EXPECT_EQ(cutoff({.event = {}, .keep = Interval::max()}, now),
            Timestamp{std::chrono::sys_days{std::chrono::year{1} / std::chrono::January / 1}});
}

}  // namespace
}  // namespace hangar::persister
