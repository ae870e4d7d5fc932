#include "config/document.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>
#include <utility>

#include "hangar/error.hpp"

namespace hangar {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr long slowness = 20;
#else
constexpr long slowness = 1;
#endif

std::string repeat(std::string_view text, std::size_t times) {
  std::string result;
  result.reserve(text.size() * times);
  for (std::size_t time = 0; time < times; ++time) result += text;
  return result;
}

/// What is wrong with the text, without the count; empty when nothing is.
std::string report(std::string_view text) {
  Problems problems;
  parse_document(text, "f.yaml", problems);
  try {
    problems.raise();
  } catch (const ConfigError& error) {
    const std::string what = error.what();
    return what.substr(0, what.rfind('\n'));
  }
  return "";
}

TEST(Document, values_keep_text_and_place) {
  Problems problems;
  const auto root = parse_document("a: 010\nb:\n  - 'x'\n  - ~\nc: !!str d\n", "f.yaml", problems);
  EXPECT_FALSE(problems.empty());  // the tag
  ASSERT_TRUE(root);
  ASSERT_EQ(root->entries.size(), 3U);
  EXPECT_EQ(root->entries[0].key, "a");
  EXPECT_EQ(root->entries[0].value->scalar, "010");
  EXPECT_FALSE(root->entries[0].value->quoted);
  EXPECT_EQ(to_string(root->entries[0].value->place), "f.yaml:1:4");
  EXPECT_EQ(to_string(root->entries[1].place), "f.yaml:2:1");
  const Node& list = *root->entries[1].value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_TRUE(list.items[0]->quoted);
  EXPECT_EQ(to_string(list.items[0]->place), "f.yaml:3:5");
  EXPECT_EQ(list.items[1]->kind, Node::Kind::null);
}

TEST(Document, nothing_is_no_document_and_no_problem) {
  for (const std::string text : {"", "\n\n", "# only a comment\n"}) {
    Problems problems;
    EXPECT_EQ(parse_document(text, "f.yaml", problems), nullptr);
    EXPECT_TRUE(problems.empty());
  }
}

TEST(Document, an_alias_is_what_it_stands_for) {
  Problems problems;
  const auto root = parse_document("a: &x {b: 1}\nc: *x\n", "f.yaml", problems);
  EXPECT_TRUE(problems.empty());
  ASSERT_TRUE(root);
  EXPECT_EQ(root->entries[0].value, root->entries[1].value);
}

TEST(Document, what_yaml_hides_is_refused) {
  const std::pair<std::string, std::string> cases[] = {
      {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: duplicate key 'a'"},
      {"a: {b: 1, b: 1}\n", "f.yaml:1:11: duplicate key 'b'"},
      {"'a': 1\na: 2\n", "f.yaml:2:1: duplicate key 'a'"},
      {"a: &x {b: 1}\nc:\n  <<: *x\n",
       "f.yaml:3:3: '<<' (merge key) is not supported: write the keys out"},
      {"a: !!str 1\n", "f.yaml:1:4: a tag (!…) means nothing here: remove it"},
      {"a: !foo {b: 1}\n", "f.yaml:1:4: a tag (!…) means nothing here: remove it"},
      {"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document: a configuration file holds one"},
      {"? [a]\n: 1\n", "f.yaml:1:3: a key is a word, not a list or a map"},
      {"? ~\n: 1\n", "f.yaml:1:3: a key is a word, not nothing"},
      {"a: &x b\n*x : 1\n", "f.yaml:2:1: an alias cannot be a key"},
      {"a: [1\n", "f.yaml:2:1: end of sequence flow not found"},
      {"a: 1\n b: 2\n",
       "f.yaml:2:3: illegal map value: the line is not indented as those before it, or a colon "
       "stands in a value without quotes"},
      {"a:\n  b: 1\n c: 2\n",
       "f.yaml:3:2: end of map not found: the line is not indented as those before it"},
      {"a: 1\nb:\n\tc: 2\n", "f.yaml:3:1: indented with a tab: YAML takes blanks only"},
      {std::string("a: 1\0b\n", 7), "f.yaml: holds a NUL byte: not a YAML text"},
  };
  for (const auto& [text, problem] : cases) EXPECT_EQ(report(text), problem) << text;
}

TEST(Document, every_duplicate_is_reported) {
  EXPECT_EQ(report("a: 1\na: 1\nb: {c: 1, c: 1}\na: 1\n"),
            "f.yaml:2:1: duplicate key 'a'\nf.yaml:3:11: duplicate key 'c'\n"
            "f.yaml:4:1: duplicate key 'a'");
}

TEST(Document, a_message_about_syntax_quotes_nothing_of_the_file) {
  for (const std::string text : {"password: *s3cret\n", "password: \"\\s3cret\"\n",
                                 "password: @s3cret\n", "%YAML s3cret\n", "password: %s3cret\n"}) {
    EXPECT_NE(report(text), "") << text;
    EXPECT_EQ(report(text).find("s3c"), std::string::npos) << report(text);
  }
}

TEST(Document, an_alias_within_what_it_stands_for_is_refused) {
  for (const std::string text : {"a: &x [*x]\n", "a: &x {b: *x}\n", "a: &x {b: [1, {c: *x}]}\n"}) {
    EXPECT_NE(report(text).find("an alias within what it stands for"), std::string::npos) << text;
  }
}

TEST(Document, aliases_count_once_expanded) {
  const auto flat = [](std::size_t times) {
    return fmt::format("a: &x 1\nb: [{}]\n", repeat("*x, ", times));
  };
  EXPECT_EQ(report(flat(100)), "");
  EXPECT_EQ(report(flat(101)), "f.yaml:2:405: more than 100 aliases once expanded");
  std::string bomb = "a: &a [lol]\n";
  for (char name = 'b'; name < 'k'; ++name) {
    const std::string before(1, static_cast<char>(name - 1));
    bomb += fmt::format("{0}: &{0} [{1}]\n", name, repeat(fmt::format("*{}, ", before), 9));
  }
  EXPECT_NE(report(bomb).find("more than 100 aliases"), std::string::npos);
}

TEST(Document, values_are_bounded) {
  EXPECT_EQ(report(repeat("- a\n", 9'999)), "");
  EXPECT_EQ(report(repeat("- a\n", 10'000)), "f.yaml:10000:3: more than 10000 values");
}

TEST(Document, levels_are_bounded) {
  const auto block = [](std::size_t levels) {
    std::string text;
    for (std::size_t level = 0; level < levels; ++level)
      text += fmt::format("{:{}}a:\n", "", level);
    return text;
  };
  EXPECT_EQ(report(fmt::format("a: {}{}", repeat("[", 63), repeat("]", 63))), "");
  EXPECT_EQ(report(fmt::format("a: {}{}", repeat("[", 64), repeat("]", 64))),
            "f.yaml:1:67: more than 64 levels");
  EXPECT_EQ(report(block(64)), "");
  EXPECT_EQ(report(block(65)), "f.yaml:65:65: more than 64 levels");
  EXPECT_EQ(report(fmt::format("a: {}", repeat("[", 100'000))), "f.yaml:1:1: more than 64 levels");
}

// The bounds of reliability test G6, for the largest text that is read. Processor time, because
// other tests run beside this one.
TEST(Document, hostile_texts_cost_little) {
  const auto fill = [](std::string_view text) {
    return repeat(text, longest_document / text.size());
  };
  const std::string texts[] = {fill("["),
                               fill("[\n"),
                               fill("[a,"),
                               fill("{a: "),
                               fill("- "),
                               fill("? "),
                               fill("[],"),
                               fill("\""),
                               fill("a"),
                               fill("a\n"),
                               fill("abc: 1\n"),
                               fill("- a\n"),
                               fill("---\n"),
                               fill("&a "),
                               fill("!"),
                               fill("%\n"),
                               fill("#"),
                               fill(" "),
                               fill("\xff"),
                               fmt::format("[{}", fill("[a], ")),
                               fmt::format("{{{}", fill("ab: c, ")),
                               fmt::format("a: |\n{}", fill(" x\n")),
                               fmt::format("a: &a 1\nb: [{}", fill("*a,")),
                               fmt::format("a: {}", fill("\n x"))};
  for (const std::string& text : texts) {
    rusage before{};
    rusage after{};
    getrusage(RUSAGE_THREAD, &before);
    report(text);
    getrusage(RUSAGE_THREAD, &after);
    const auto microseconds = [](const timeval& time) {
      return time.tv_sec * 1'000'000 + time.tv_usec;
    };
    const auto spent = microseconds(after.ru_utime) - microseconds(before.ru_utime) +
                       microseconds(after.ru_stime) - microseconds(before.ru_stime);
    // 80 ms are usual; what grows with the square of the length takes many times as long.
    EXPECT_LT(spent, slowness * 500'000) << text.substr(0, 20);
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, slowness * 64 * 1024) << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace hangar
