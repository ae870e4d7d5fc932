#include "found_rows.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "connection.hpp"
#include "scratch_file.hpp"

namespace hangar::sqlite {
namespace {

const Table& number_table() {
  static const Table table{.name = "number",
                           .columns = {{"text", ColumnType::text}, {"id", ColumnType::int8, false}},
                           .indexes = {},
                           .foreign_keys = {},
                           .primary_key = {1}};
  return table;
}

/// 1 to 5,002, in no order, twice.
FoundRows taken(const FoundRows::Order& order) {
  const ScratchFile file;
  Connection connection{file.path(), OpenMode::create, std::chrono::milliseconds{30}};
  Statement statement{connection.handle(),
                      "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < "
                      "5002) SELECT n * 7919 % 5003, 'text ' || (n * 7919 % 5003) FROM c"};
  FoundRows found{number_table(), order, {1, 0}};
  found.take(statement);
  statement.reset();
  found.take(statement);
  return found;
}

TEST(FoundRows, no_more_are_held_than_twice_what_is_asked_for) {
  for (const bool descending : {false, true}) {
    FoundRows found = taken({.key_width = 1, .descending = descending, .limit = 300});
    EXPECT_LE(found.count(), 600U);
    const Rows rows = std::move(found).in_order();
    ASSERT_EQ(rows.size(), 300U);
    for (std::int64_t i = 0; i < 300; ++i) {
      const std::int64_t number = descending ? 5'002 - i : i + 1;
      const auto row = rows[static_cast<std::size_t>(i)];
      EXPECT_EQ(row[1], Cell{number});
      EXPECT_EQ(row[0].text(), "text " + std::to_string(number));
    }
  }
}

TEST(FoundRows, each_is_there_once_without_a_limit) {
  EXPECT_EQ(taken({.key_width = 1}).in_order().size(), 5'002U);
}

}  // namespace
}  // namespace hangar::sqlite
