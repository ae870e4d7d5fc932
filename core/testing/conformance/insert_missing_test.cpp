#include <chrono>
#include <limits>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

using Flags = std::vector<bool>;

class InsertMissing : public Conformance {};

std::string_view number_text(Rows& rows, unsigned number) {
  return rows.keep(std::to_string(number));
}

TEST_F(InsertMissing, says_of_each_row_whether_it_went_in) {
  Rows first{item_table()};
  add_item(first, 2);
  EXPECT_EQ(insert(first), Flags{true});
  Rows rows{item_table()};
  for (const unsigned id : {3U, 2U, 1U}) add_item(rows, id);
  EXPECT_EQ(insert(rows), (Flags{true, false, true}));
  EXPECT_EQ(stored(item_table(), {1, 2, 3}, {0}).size(), 3U);
}

TEST_F(InsertMissing, a_stored_primary_key_leaves_the_stored_row_as_it_is) {
  Rows first{item_table()};
  add_item(first, 1)[item::note] = std::string_view{"first"};
  insert(first);
  Rows second{item_table()};
  add_item(second, 1)[item::note] = std::string_view{"second"};
  EXPECT_EQ(insert(second), Flags{false});
  EXPECT_EQ(stored_cell(1, item::note), Cell{std::string_view{"first"}});
}

TEST_F(InsertMissing, any_stored_unique_key_keeps_a_row_out) {
  Rows first{item_table()};
  const std::span<Cell> held = add_item(first, 1);
  held[item::owner] = uuid_of(9);
  held[item::part] = std::string_view{"a"};
  held[item::code] = std::string_view{"c"};
  insert(first);

  Rows rows{item_table()};
  const std::span<Cell> same_pair = add_item(rows, 2);
  same_pair[item::owner] = uuid_of(9);
  same_pair[item::part] = std::string_view{"a"};
  add_item(rows, 3)[item::code] = std::string_view{"c"};
  const std::span<Cell> other_part = add_item(rows, 4);
  other_part[item::owner] = uuid_of(9);
  other_part[item::part] = std::string_view{"b"};
  EXPECT_EQ(insert(rows), (Flags{false, false, true}));
  EXPECT_EQ(ids_of(stored(item_table(), {1, 2, 3, 4}, {0})), (std::vector<unsigned>{1, 4}));
}

TEST_F(InsertMissing, the_first_of_two_rows_with_one_unique_key_goes_in) {
  Rows rows{item_table()};
  for (const unsigned id : {9U, 4U, 7U}) add_item(rows, id)[item::code] = std::string_view{"c"};
  const std::span<Cell> pair = add_item(rows, 5);
  pair[item::owner] = uuid_of(1);
  pair[item::part] = std::string_view{"a"};
  const std::span<Cell> same = add_item(rows, 2);
  same[item::owner] = uuid_of(1);
  same[item::part] = std::string_view{"a"};
  EXPECT_EQ(insert(rows), (Flags{true, false, false, true, false}));
  EXPECT_EQ(ids_of(stored(item_table(), {2, 4, 5, 7, 9}, {0})), (std::vector<unsigned>{5, 9}));
}

TEST_F(InsertMissing, a_row_that_was_left_out_keeps_nobody_else_out) {
  Rows stored_row{item_table()};
  add_item(stored_row, 1)[item::code] = std::string_view{"held"};
  insert(stored_row);

  Rows rows{item_table()};
  const std::span<Cell> left_out = add_item(rows, 2);
  left_out[item::code] = std::string_view{"held"};
  left_out[item::owner] = uuid_of(1);
  left_out[item::part] = std::string_view{"a"};
  const std::span<Cell> next = add_item(rows, 3);
  next[item::owner] = uuid_of(1);
  next[item::part] = std::string_view{"a"};
  EXPECT_EQ(insert(rows), (Flags{false, true}));
}

TEST_F(InsertMissing, nulls_in_a_unique_key_are_different_from_each_other) {
  Rows rows{item_table()};
  for (const unsigned id : {1U, 2U}) {
    const std::span<Cell> cells = add_item(rows, id);
    cells[item::owner] = Cell::null();
    cells[item::part] = std::string_view{"a"};
  }
  EXPECT_EQ(insert(rows), (Flags{true, true}));
}

TEST_F(InsertMissing, a_unique_key_with_a_descending_time_keeps_a_row_out) {
  Rows items{item_table()};
  add_item(items, 1);
  add_item(items, 2);
  insert(items);
  Rows rows{remark_table()};
  add_remark(rows, 1, 1, 500);
  add_remark(rows, 2, 1, 501);
  add_remark(rows, 3, 1, 500);
  add_remark(rows, 4, 2, 500);
  EXPECT_EQ(insert(rows), (Flags{true, true, false, true}));
}

TEST_F(InsertMissing, absent_cells_take_the_default) {
  using namespace std::chrono;
  const auto before = floor<microseconds>(system_clock::now()) - minutes{1};
  Rows rows{item_table()};
  add_item(rows, 1);
  // What another row says leaves the defaults of this one alone.
  const std::span<Cell> full = add_item(rows, 2);
  full[item::count] = 5;
  full[item::made] = time_of(2000, 1, 1);
  full[item::tags] = std::string_view{"[1]"};
  full[item::spent] = Interval{3};
  full[item::yes] = false;
  full[item::weight] = 2.0;
  insert(rows);
  EXPECT_EQ(stored_cell(1, item::count), Cell{7});
  EXPECT_EQ(stored_cell(1, item::spent), Cell{Interval{0}});
  EXPECT_EQ(stored_cell(1, item::tags), Cell{std::string_view{"[]"}});
  EXPECT_EQ(stored_cell(1, item::yes), Cell{true});
  EXPECT_EQ(stored_cell(1, item::large), Cell{std::numeric_limits<std::int64_t>::min()});
  EXPECT_EQ(stored_cell(1, item::weight), Cell{0.5});
  EXPECT_EQ(stored_cell(1, item::blob), Cell::null());
  EXPECT_EQ(stored_cell(1, item::raw), Cell{std::string_view{"{}"}});
  EXPECT_EQ(stored_cell(2, item::yes), Cell{false});
  EXPECT_EQ(stored_cell(2, item::weight), Cell{2.0});
  EXPECT_EQ(stored_cell(1, item::note), Cell::null());
  const Cell made = stored_cell(1, item::made);
  ASSERT_EQ(made.kind(), Cell::Kind::timestamp);
  EXPECT_GT(made.timestamp(), before);
  EXPECT_LT(made.timestamp(), before + minutes{2});
  EXPECT_EQ(stored_cell(2, item::count), Cell{5});
  EXPECT_EQ(stored_cell(2, item::made), Cell{time_of(2000, 1, 1)});
}

TEST_F(InsertMissing, null_is_not_the_default) {
  Rows rows{item_table()};
  add_item(rows, 1)[item::count] = Cell::null();
  EXPECT_THROW(insert(rows), DataError);
}

TEST_F(InsertMissing, no_rows_are_no_work) { EXPECT_EQ(insert(Rows{item_table()}), Flags{}); }

TEST_F(InsertMissing, five_thousand_rows_are_one_call) {
  Rows first{item_table()};
  for (unsigned id = 0; id < 5'000; id += 3) add_item(first, id);
  insert(first);

  Rows rows{item_table()};
  for (unsigned id = 0; id < 5'000; ++id) {
    // Every other pair of neighbours has one code.
    add_item(rows, id)[item::code] = number_text(rows, id / 2);
  }
  const Flags inserted = insert(rows);
  ASSERT_EQ(inserted.size(), 5'000U);
  for (unsigned id = 0; id < 5'000; ++id) {
    const bool id_is_held = id % 3 == 0;
    const bool code_is_held = id % 2 == 1 && (id - 1) % 3 != 0;
    ASSERT_EQ(inserted[id], !id_is_held && !code_is_held) << "row " << id;
  }
}

}  // namespace
}  // namespace hangar::conformance
