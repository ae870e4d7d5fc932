#include "text/escape.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

using namespace std::string_view_literals;

TEST(Escaped, text_for_a_person_stays_as_it_is) {
  for (const auto text : {""sv, "{\"a\": 1}\n\tb"sv, "é€𝄞 \\ ~"sv}) EXPECT_EQ(escaped(text), text);
}

TEST(Escaped, nothing_reaches_the_terminal_that_it_would_act_upon) {
  EXPECT_EQ(escaped("a\x1b[31mb"sv), "a\\x1b[31mb");
  EXPECT_EQ(escaped("\0\a\b\r\x7f"sv), "\\x00\\x07\\x08\\x0d\\x7f");
  EXPECT_EQ(escaped("\u009b31m"sv), "\\xc2\\x9b31m") << "C1 begins a sequence too";
  EXPECT_EQ(escaped("\u00a0"sv), "\u00a0") << "the first that is none of C1";
}

TEST(Escaped, bytes_that_are_not_utf_8_are_shown_as_bytes) {
  EXPECT_EQ(escaped("a\xff"sv), "a\\xff");
  EXPECT_EQ(escaped("\xe2\x82"sv), "\\xe2\\x82") << "cut within a code point";
  EXPECT_EQ(escaped("\x80ok"sv), "\\x80ok");
}

TEST(IsUtf8, is_what_unicode_calls_well_formed) {
  for (const auto good : {""sv, "a"sv, "\xc2\x80"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv,
                          "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv}) {
    EXPECT_TRUE(is_utf8(good)) << escaped(good);
  }
  for (const auto bad :
       {"\x80"sv, "\xc1\xbf"sv, "\xc2"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv, "\xe1\x80"sv,
        "\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xf1\x80\x80"sv}) {
    EXPECT_FALSE(is_utf8(bad)) << escaped(bad);
  }
}

}  // namespace
}  // namespace hangar
