#include "verify/agreement.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace hangar {

void PrintTo(const Disagreement& found, std::ostream* out) {
  *out << found.pointer << ": " << found.derived << " and " << found.stored;
}

namespace {

std::optional<Disagreement> json(std::string_view derived, std::string_view stored) {
  return disagreement({.name = "body", .type = ColumnType::json}, derived, stored);
}

TEST(Agreement, json_is_compared_as_values) {
  struct Pair {
    std::string one;
    std::string other;
  };
  for (const auto& [one, other] : std::vector<Pair>{
           {R"({"a": 1, "b": [true, null]})", R"({"b":[true,null],"a":1})"},
           {R"(["\u00e4", "a\/b"])", R"(["ä", "a/b"])"},
           {"1e300", "1" + std::string(300, '0')},
           {"[1.0, -0.5e1]", "[1, -5]"},
           {"18446744073709551615", "18446744073709551615"},
           {R"({"a": 1, "a": 2})", R"({"a": 2})"},
           {std::string(200, '[') + std::string(200, ']'),
            std::string(200, '[') + std::string(200, ']')},
       }) {
    EXPECT_EQ(json(one, other), std::nullopt) << one;
    EXPECT_EQ(json(other, one), std::nullopt) << one;
  }
}

TEST(Agreement, the_first_place_where_json_differs_is_named) {
  using Found = Disagreement;
  EXPECT_EQ(json(R"({"a": {"b/c": [1, 2]}})", R"({"a": {"b/c": [1, 3]}})"),
            (Found{"/a/b~1c/1", "2", "3"}));
  EXPECT_EQ(json(R"({"a": 1})", "{}"), (Found{"/a", "1", "nothing"}));
  EXPECT_EQ(json("{}", R"({"a": null})"), (Found{"/a", "nothing", "null"}));
  EXPECT_EQ(json("[1]", "[1, 2]"), (Found{"/1", "nothing", "2"}));
  EXPECT_EQ(json("1", R"("1")"), (Found{"", "1", R"("1")"}));
  EXPECT_EQ(json("1", "true"), (Found{"", "1", "true"}));
  EXPECT_EQ(json("12345678901234567", "12345678901234568"),
            (Found{"", "12345678901234567", "12345678901234568"}));
}

TEST(Agreement, what_is_no_json_is_compared_by_bytes) {
  EXPECT_EQ(json(R"("\ud800")", R"("\ud800")"), std::nullopt);
  EXPECT_TRUE(json(R"("\ud800")", R"("\uD800")"));
}

TEST(Agreement, other_values_are_equal_or_shown) {
  const Column text{.name = "name"};
  EXPECT_EQ(disagreement(text, std::string_view{"a"}, std::string_view{"a"}), std::nullopt);
  EXPECT_EQ(disagreement(text, std::string_view{"{}"}, std::string_view{"{ }"}),
            (Disagreement{"", "{}", "{ }"}));
  EXPECT_EQ(disagreement(text, Cell::null(), std::string_view{""}), (Disagreement{"", "NULL", ""}));
  EXPECT_EQ(disagreement(text, Cell::null().on(Cell::Basis::inferred), Cell::null()), std::nullopt);
  const Timestamp early{std::chrono::sys_days{std::chrono::year{1} / 2 / 3} +
                        std::chrono::microseconds{4}};
  EXPECT_EQ(shown(Cell{early}), "0001-02-03T00:00:00.000004Z");
  EXPECT_EQ(shown(Cell{Interval{-1'500'000}}), "-1.5 s");
  EXPECT_EQ(shown(Cell{std::int32_t{-7}}), "-7");
  Uuid id;
  id.bytes = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
  EXPECT_EQ(shown(id), "01234567-89ab-cdef-0000-000000000000");
}

TEST(Agreement, what_is_long_is_cut_between_characters) {
  std::string text = "x";
  for (int i = 0; i < 200; ++i) text += "ä";
  const std::string cut = shown(Cell{std::string_view{text}});
  EXPECT_EQ(cut, text.substr(0, 199) + "…");
}

}  // namespace
}  // namespace hangar
