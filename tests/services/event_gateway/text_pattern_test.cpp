#include "out/text_pattern.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "out/unicode_text.hpp"

namespace hangar::gateway {
namespace {

/// The same by trying everything, for `*`, `?` and `[ab]`.
bool is_matched(std::u32string_view pattern, std::u32string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == U'*') {
    return is_matched(pattern.substr(1), text) ||
           (!text.empty() && is_matched(pattern, text.substr(1)));
  }
  if (text.empty()) return false;
  if (pattern.starts_with(U"[ab]")) {
    return (text.front() == U'a' || text.front() == U'b') &&
           is_matched(pattern.substr(4), text.substr(1));
  }
  return (pattern.front() == U'?' || pattern.front() == text.front()) &&
         is_matched(pattern.substr(1), text.substr(1));
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

bool matches(const TextPattern& pattern, std::string_view text) {
  MatchSteps steps;
  return pattern.matches(text, steps);
}

TEST(TextPatternTest, decides_as_who_tries_everything) {
  std::mt19937 chance{20260729};
  const auto some = [&](std::initializer_list<const char*> parts, std::size_t most) {
    std::string made;
    for (std::size_t i = chance() % (most + 1); i > 0; --i) {
      made += parts.begin()[chance() % parts.size()];
    }
    return made;
  };
  std::size_t matched = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::string pattern = some({"a", "b", "é", "*", "*", "?", "[ab]"}, 7);
    const std::string text = some({"a", "b", "a", "é", "\U0001f600"}, 8);
    const bool expected = is_matched(code_points(pattern), code_points(text));
    ASSERT_EQ(matches(TextPattern::glob(pattern), text), expected) << pattern << " and " << text;
    if (pattern.find('[') == std::string::npos) {
      ASSERT_EQ(matches(TextPattern::stars(pattern), text), expected) << pattern << " and " << text;
    }
    matched += expected ? 1 : 0;
  }
  EXPECT_GT(matched, 3'000U);
}

// As Python's fnmatch.translate reads them.
TEST(TextPatternTest, ranges_that_run_backwards_leave_what_is_behind_them) {
  const auto all_of = [](std::string_view set) {
    const TextPattern pattern = TextPattern::glob(set);
    std::string found;
    for (const char c : std::string_view{"!-abcxyz"}) {
      if (matches(pattern, {&c, 1})) found += c;
    }
    return found;
  };
  EXPECT_EQ(all_of("[b-a]"), "");
  EXPECT_EQ(all_of("[!b-a]"), "!-abcxyz");
  EXPECT_EQ(all_of("[b-ax]"), "x");
  EXPECT_EQ(all_of("[b-a!]"), "!-abcxyz");
  EXPECT_EQ(all_of("[b-a!x]"), "!-abcyz");
  EXPECT_EQ(all_of("[!b-a!x]"), "-abcyz");
  EXPECT_EQ(all_of("[b-a!-y]"), "!abcxz");
  EXPECT_EQ(all_of("[b-az-c!x]"), "!-abcyz");
  EXPECT_EQ(all_of("[b-ax!]"), "!x");
  EXPECT_EQ(all_of("[!-y]"), "!abcxz");
}

TEST(TextPatternTest, long_texts_without_what_is_looked_for_take_few_steps) {
  const std::string text = repeated("a", 1'000'000);
  for (const std::string& pattern : {
           "*" + repeated("a", 500'000) + "b*",
           "*" + repeated("a", 500'000) + "b",
           "*" + repeated("a", 100) + "b*",
           "*" + repeated("a*", 100) + "b",
           repeated("a", 500'000) + "*b",
       }) {
    EXPECT_FALSE(matches(TextPattern::glob(pattern), text)) << pattern.substr(0, 10);
    EXPECT_FALSE(matches(TextPattern::stars(pattern), text)) << pattern.substr(0, 10);
  }
  EXPECT_TRUE(matches(TextPattern::glob("*[b]*" + repeated("a", 20) + "?"), "b" + text));
}

TEST(TextPatternTest, what_would_take_too_many_steps_is_not_decided) {
  const std::string text = repeated("a", 100'000);
  for (const std::string& pattern : {
           "*?" + repeated("a", 50'000) + "b*",
           "*[a]" + repeated("a", 50'000) + "b*",
           repeated("?", 50'000) + repeated("?", 150'001),
       }) {
    EXPECT_THROW(matches(TextPattern::glob(pattern), text + text), TooManySteps)
        << pattern.substr(0, 10);
  }
}

TEST(TextPatternTest, patterns_of_any_form_are_read_at_once) {
  const std::string_view text = "b";
  EXPECT_FALSE(matches(TextPattern::glob(repeated("[", 1'000'000)), text));
  EXPECT_TRUE(matches(TextPattern::glob("[" + repeated("z-ab", 250'000) + "]"), text));
  EXPECT_TRUE(matches(TextPattern::glob(repeated("*", 1'000'000)), text));
}

}  // namespace
}  // namespace hangar::gateway
