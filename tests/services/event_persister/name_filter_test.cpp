#include "name_filter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hangar::persister {
namespace {

bool glob_matches(const std::string& glob, std::string_view name) {
  return NameFilter{{glob}, {}}.takes(name);
}

TEST(NameFilter, only_a_star_stands_for_something_else) {
  struct Case {
    const char* glob;
    std::vector<const char*> taken;
    std::vector<const char*> left_out;
  };
  const Case cases[]{
      {"*", {"", "a", "prefect.flow-run.Running"}, {}},
      {"", {""}, {"a"}},
      {"prefect.log.*", {"prefect.log.", "prefect.log.write"}, {"prefect.log", "prefect.logs.x"}},
      {"*.heartbeat", {"a.heartbeat", ".heartbeat", "a.heartbeat.heartbeat"}, {"heartbeat", "a."}},
      {"a*b*c", {"abc", "aXbYc", "abbc", "abcbc"}, {"ab", "ac", "abcX", "Xabc"}},
      {"**", {"", "x"}, {}},
      {"a?", {"a?"}, {"ab"}},
      {"[ab]", {"[ab]"}, {"a"}},
      {"A", {"A"}, {"a"}},
      {"é*", {"é", "éa"}, {"e"}},
  };
  for (const Case& one : cases) {
    for (const char* name : one.taken)
      EXPECT_TRUE(glob_matches(one.glob, name)) << one.glob << name;
    for (const char* name : one.left_out) {
      EXPECT_FALSE(glob_matches(one.glob, name)) << one.glob << name;
    }
  }
}

TEST(NameFilter, many_stars_take_no_long_time) {
  std::string glob;
  for (int i = 0; i < 100; ++i) glob += "*a";
  EXPECT_FALSE(glob_matches(glob + "b", std::string(1'024, 'a')));
}

TEST(NameFilter, exclude_wins) {
  const NameFilter filter{{"prefect.*", "mine"}, {"*.log", "mine"}};
  EXPECT_TRUE(filter.takes("prefect.flow-run"));
  EXPECT_FALSE(filter.takes("prefect.log"));
  EXPECT_FALSE(filter.takes("mine"));
  EXPECT_FALSE(filter.takes("other"));
}

TEST(NameFilter, says_nothing_where_all_are_stored) {
  EXPECT_TRUE(NameFilter{}.takes("x"));
  EXPECT_EQ(NameFilter{}.description(), "");
  EXPECT_EQ((NameFilter{{}, {"a", "b"}}.description()), "events named a or b are not stored");
  EXPECT_EQ((NameFilter{{"c"}, {"a"}}.description()),
            "only events named c are stored; events named a are not stored");
}

}  // namespace
}  // namespace hangar::persister
