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

TEST(Interpolate, a_file_stands_for_its_content_without_its_line_ends) {
  const Workbench bench;
  const auto file = [&](const std::string& text) {
    return interpolate("<${file:" + bench.write("secret", text).native() + "}>", environment);
  };
  EXPECT_EQ(file("s3cret"), "<s3cret>");
  EXPECT_EQ(file("s3cret\n"), "<s3cret>");
  for (const char* end : {"\n\n", "\r\n", "\r\n\r\n\n", "\r"}) {
    EXPECT_EQ(file(std::string{"s3cret"} + end), "<s3cret>") << end;
    EXPECT_EQ(file(std::string{"\xEF\xBB\xBFs3cret"} + end), "<s3cret>") << end;
  }
  EXPECT_EQ(file(""), "<>");
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

TEST(Interpolate, a_control_character_in_a_file_is_an_error_that_names_the_file) {
  const Workbench bench;
  for (const std::string& text :
       {std::string{"s3cret\nmore"}, std::string{"s3\tcret"}, std::string{"s3\0cret", 7},
        std::string{"s3cret\x7f\n"}, std::string{"\x1bs3cret"}}) {
    const std::string path = bench.write("secret", text).native();
    const std::string why = failure("${file:" + path + "}");
    EXPECT_NE(why.find("secret' holds a control character"), std::string::npos) << why;
    EXPECT_EQ(why.find("s3"), std::string::npos) << why;
    EXPECT_EQ(why.find("cret'"), why.rfind("cret'")) << why;
  }
}

TEST(Interpolate, a_file_in_a_url_or_a_keyword_means_itself) {
  const Workbench bench;
  const std::string path =
      "${file:" + bench.write("secret", "a/b?c@d#e%41:f g'h\\\n").native() + "}";
  const std::string encoded = "a%2Fb%3Fc%40d%23e%2541%3Af%20g%27h%5C";
  const std::string escaped = R"(a/b?c@d#e%41:f\ g\'h\\)";
  const std::string plain = R"(a/b?c@d#e%41:f g'h\)";
  const std::pair<std::string, std::string> cases[] = {
      {"postgresql+asyncpg://me:*@db/x", "postgresql+asyncpg://me:" + encoded + "@db/x"},
      {"nats://*@a, nats://me:*@b", "nats://" + encoded + "@a, nats://me:" + encoded + "@b"},
      {"postgresql://db/x?user=me&password=*", "postgresql://db/x?user=me&password=" + encoded},
      {"${UNSET:-postgresql://me:*@db/x}", "postgresql://me:" + encoded + "@db/x"},
      {"postgresql://me:${UNSET:-*}@db/x", "postgresql://me:" + encoded + "@db/x"},
      {"host=db password=* user=me", "host=db password=" + escaped + " user=me"},
      {"host=db password = '*'", "host=db password = '" + escaped + "'"},
      // Where it is no part of a URL or not one that is decoded.
      {"*", plain},
      {"postgresql://me:x@*/x", "postgresql://me:x@" + plain + "/x"},
      {"postgresql://me@db/*", "postgresql://me@db/" + plain},
  };
  for (const auto& [text, expected] : cases) {
    std::string expression = text;
    for (std::size_t at = expression.find('*'); at != std::string::npos;
         at = expression.find('*', at + path.size())) {
      expression.replace(at, 1, path);
    }
    EXPECT_EQ(interpolate(expression, environment), expected);
  }
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
