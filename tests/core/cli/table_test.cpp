#include "cli/table.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace hangar {
namespace {

std::string printed(const TextTable& table, std::size_t width) {
  std::stringstream text;
  table.print(text, width);
  return text.str();
}

TEST(Table, it_is_as_wide_as_it_must_be_where_no_terminal_has_an_edge) {
  TextTable table{{"NAME", "WHAT"}};
  table.add({"a", "a text of some words"});
  EXPECT_EQ(printed(table, 0), "NAME  WHAT\na     a text of some words\n");
  EXPECT_EQ(printed(table, 26), printed(table, 0));
}

TEST(Table, in_a_terminal_the_widest_columns_take_several_lines) {
  TextTable table{{"NAME", "WHAT", "N"}};
  table.add({"a", "a text of some words", "7"});
  EXPECT_EQ(printed(table, 20),
            "NAME  WHAT         N\n"
            "a     a text of    7\n"
            "      some words   \n");
  // A column is not made narrower than eight.
  EXPECT_EQ(printed(table, 4), printed(table, 17));
}

TEST(Table, a_word_is_parted_where_texts_cannot_be_narrower) {
  TextTable table{{"A_LONG_NAME", "WHAT"}};
  table.add({"name_of_twenty_chars", "some words that explain the name"});
  EXPECT_EQ(printed(table, 32),
            "A_LONG_NAME           WHAT\n"
            "name_of_twenty_chars  some words\n"
            "                      that\n"
            "                      explain\n"
            "                      the name\n");
  EXPECT_EQ(printed(table, 26),
            "A_LONG_NAME       WHAT\n"
            "name_of_twenty_c  some\n"
            "hars              words\n"
            "                  that\n"
            "                  explain\n"
            "                  the name\n");
}

TEST(Table, a_text_is_parted_at_spaces_or_else_between_characters) {
  for (const auto& [text, parts] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"", {""}},
           {"abcd", {"abcd"}},
           {"abcde", {"abcd", "e"}},
           {"ab cd", {"ab", "cd"}},
           {"abcd efgh i", {"abcd", "efgh", "i"}},
           {"äöüßä", {"äöüß", "ä"}},
           {" abcdef", {" abc", "def"}}}) {
    EXPECT_EQ(wrapped(text, 4), parts) << text;
  }
}

}  // namespace
}  // namespace hangar
