#include "config/interpolate.hpp"

#include <gtest/gtest.h>

#include <string>

#include "hangar/error.hpp"
#include "workbench.hpp"

namespace hangar {
namespace {

const Environment environment{{"SET", "value"}, {"EMPTY", ""}, {"TRICKY", "${SET} $$"}};

std::string failure(const std::string& text) {
  try {
    return "no error but " + interpolate(text, environment);
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(Interpolate, expressions_are_replaced_by_what_they_name) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"${SET}", "value"},
      {"a${SET}b${SET}c", "avaluebvaluec"},
      {"${EMPTY}", ""},
      {"${SET:-other}", "value"},
      {"${EMPTY:-other}", "other"},
      {"${UNSET:-other}", "other"},
      {"${UNSET:-}", ""},
      {"${UNSET:--1}", "-1"},
      {"${UNSET:-a:b}", "a:b"},
      {"${SET:?why}", "value"},
      {"$$", "$"},
      {"$${SET}", "${SET}"},
      {"$$$${SET}", "$${SET}"},
      {"$$${SET}", "$value"},
      {"$SET", "$SET"},
      {"a$", "a$"},
      {"$(SET) $1 }{", "$(SET) $1 }{"},
      {"${UNSET:-${SET}}", "value"},
      {"${UNSET:-${UNSET:-deep}}!", "deep!"},
      {"${SET:-${UNSET}}", "value"},
      {"${TRICKY}", "${SET} $$"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(interpolate(text, environment), expected);
}

TEST(Interpolate, what_cannot_be_replaced_is_an_error) {
  EXPECT_EQ(failure("${UNSET}"), "environment variable UNSET is not set");
  EXPECT_EQ(failure("${UNSET:?set it to the URL}"),
            "environment variable UNSET is not set: set it to the URL");
  EXPECT_EQ(failure("${EMPTY:?}"), "environment variable EMPTY is empty");
  EXPECT_EQ(failure("${UNSET:-${UNSET}}"), "environment variable UNSET is not set");
  for (const std::string text : {"${", "a${SET", "${UNSET:-${SET}"}) {
    EXPECT_NE(failure(text).find("without '}'"), std::string::npos) << text;
  }
  for (const std::string text :
       {"${}", "${1A}", "${A B}", "${SET:other}", "${SET-other}", "${:-x}"}) {
    EXPECT_NE(failure(text).find("not an expression"), std::string::npos) << text;
  }
}

TEST(Interpolate, nesting_and_length_are_bounded) {
  std::string deep;
  for (int level = 0; level < 50'000; ++level) deep += "${U:-";
  deep += std::string(50'000, '}');
  EXPECT_NE(failure(deep).find("more than 8 levels"), std::string::npos);
  const Environment large{{"L", std::string(300'000, 'x')}};
  EXPECT_THROW(interpolate("${L}${L}${L}${L}", large), ConfigError);
}

TEST(Interpolate, a_file_stands_for_its_content_without_one_newline) {
  const Workbench bench;
  const auto file = [&](const std::string& text) {
    return interpolate("<${file:" + bench.write("secret", text).native() + "}>", environment);
  };
  EXPECT_EQ(file("s3cret"), "<s3cret>");
  EXPECT_EQ(file("s3cret\n"), "<s3cret>");
  EXPECT_EQ(file("s3cret\n\n"), "<s3cret\n>");
  EXPECT_EQ(file("${SET}"), "<${SET}>");
  EXPECT_EQ(interpolate("${file:${F}/secret}", {{"F", bench.folder.native()}}), "${SET}");
  EXPECT_EQ(failure("${file:/nowhere/secret}"),
            "cannot read '/nowhere/secret': No such file or directory");
  EXPECT_NE(failure("${file:" + bench.folder.native() + "}").find("not a regular file"),
            std::string::npos);
  EXPECT_NE(failure("${file:/dev/zero}").find("not a regular file"), std::string::npos);
  const auto large = bench.write("large", std::string((64U << 10U) + 1, 'x'));
  EXPECT_NE(failure("${file:" + large.native() + "}").find("longer than"), std::string::npos);
}

TEST(Interpolate, only_expressions_count_as_such) {
  EXPECT_TRUE(has_expression("a${B}"));
  EXPECT_TRUE(has_expression("$$${B}"));
  EXPECT_FALSE(has_expression("$${B}"));
  EXPECT_FALSE(has_expression("$B {C}$"));
  EXPECT_FALSE(has_expression(""));
}

}  // namespace
}  // namespace hangar
