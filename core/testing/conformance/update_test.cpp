#include "fixture.hpp"

namespace hangar::conformance {
namespace {

class Update : public Conformance {
 protected:
  Update() {
    Rows rows{item_table()};
    for (const unsigned id : {1U, 2U, 3U}) {
      const std::span<Cell> cells = add_item(rows, id);
      cells[item::note] = std::string_view{"old"};
      cells[item::count] = 1;
      cells[item::at] = time_of(2000, 1, 1);
      cells[item::body] = std::string_view{"{}"};
      cells[item::owner] = uuid_of(id);
      cells[item::part] = std::string_view{"part"};
      cells[item::code] = rows.keep("code" + std::to_string(id));
    }
    insert(rows);
  }

  static std::span<Cell> change(Rows& rows, unsigned id) {
    const std::span<Cell> cells = rows.add();
    cells[item::id] = uuid_of(id);
    return cells;
  }

  std::vector<Cell> cells_of(unsigned id) {
    Rows& rows = found_.emplace_back(stored(
        item_table(), {id},
        {item::note, item::count, item::at, item::body, item::owner, item::part, item::code}));
    return {rows[0].begin(), rows[0].end()};
  }

  std::vector<Rows> found_;
};

TEST_F(Update, each_row_writes_exactly_its_own_cells) {
  std::vector<Cell> first = cells_of(1);
  std::vector<Cell> second = cells_of(2);
  const std::vector<Cell> third = cells_of(3);
  Rows rows{item_table()};
  const std::span<Cell> one = change(rows, 1);
  one[item::note] = std::string_view{"new"};
  one[item::count] = 5;
  const std::span<Cell> two = change(rows, 2);
  two[item::count] = 6;
  two[item::at] = time_of(2024, 2, 29);
  change(rows, 3);
  EXPECT_EQ(update(rows), 2U);

  first[item::note] = std::string_view{"new"};
  first[item::count] = 5;
  second[item::count] = 6;
  second[item::at] = time_of(2024, 2, 29);
  EXPECT_EQ(cells_of(1), first);
  EXPECT_EQ(cells_of(2), second);
  EXPECT_EQ(cells_of(3), third);
}

TEST_F(Update, null_is_written_and_absent_is_not) {
  Rows rows{item_table()};
  change(rows, 1)[item::note] = Cell::null();
  change(rows, 2)[item::at] = Cell::null();
  update(rows);
  EXPECT_EQ(stored_cell(1, item::note), Cell::null());
  EXPECT_EQ(stored_cell(1, item::at), Cell{time_of(2000, 1, 1)});
  EXPECT_EQ(stored_cell(2, item::note), Cell{std::string_view{"old"}});
  EXPECT_EQ(stored_cell(2, item::at), Cell::null());
}

TEST_F(Update, columns_of_unique_keys_change_too) {
  Rows rows{item_table()};
  change(rows, 1)[item::code] = std::string_view{"fresh"};
  const std::span<Cell> two = change(rows, 2);
  two[item::owner] = uuid_of(77);
  two[item::part] = std::string_view{"other"};
  change(rows, 3)[item::owner] = Cell::null();
  update(rows);
  EXPECT_EQ(stored_cell(1, item::code), Cell{std::string_view{"fresh"}});
  EXPECT_EQ(stored_cell(1, item::owner), Cell{uuid_of(1)});
  EXPECT_EQ(stored_cell(2, item::owner), Cell{uuid_of(77)});
  EXPECT_EQ(stored_cell(2, item::part), Cell{std::string_view{"other"}});
  EXPECT_EQ(stored_cell(2, item::code), Cell{std::string_view{"code2"}});
  EXPECT_EQ(stored_cell(3, item::owner), Cell::null());
}

TEST_F(Update, a_key_may_be_written_with_the_value_that_it_has) {
  Rows rows{item_table()};
  const std::span<Cell> cells = change(rows, 1);
  cells[item::code] = std::string_view{"code1"};
  cells[item::owner] = uuid_of(1);
  cells[item::count] = 9;
  update(rows);
  EXPECT_EQ(stored_cell(1, item::count), Cell{9});
}

TEST_F(Update, a_row_that_is_not_stored_is_ignored) {
  Rows rows{item_table()};
  change(rows, 50)[item::note] = std::string_view{"new"};
  change(rows, 2)[item::note] = std::string_view{"new"};
  EXPECT_EQ(update(rows), 1U);
  EXPECT_EQ(stored_cell(2, item::note), Cell{std::string_view{"new"}});
  EXPECT_TRUE(stored(item_table(), {50}, {0}).empty());
}

TEST_F(Update, no_rows_are_no_work) {
  const std::vector<Cell> before = cells_of(1);
  update(Rows{item_table()});
  EXPECT_EQ(cells_of(1), before);
}

TEST_F(Update, a_referred_row_can_be_written) {
  Rows remarks{remark_table()};
  add_remark(remarks, 1, 1, 0);
  insert(remarks);
  Rows rows{item_table()};
  change(rows, 1)[item::code] = std::string_view{"fresh"};
  update(rows);
  EXPECT_EQ(stored(remark_table(), {1}, {0}).size(), 1U);
}

TEST_F(Update, five_thousand_rows_with_columns_of_their_own_are_one_call) {
  Rows rows{item_table()};
  Rows changes{item_table()};
  for (unsigned id = 100; id < 5'100; ++id) {
    add_item(rows, id);
    const std::span<Cell> cells = change(changes, id);
    if (id % 2 == 0) cells[item::count] = static_cast<std::int32_t>(id);
    if (id % 3 == 0) cells[item::note] = changes.keep(std::to_string(id));
    if (id % 5 == 0) cells[item::code] = changes.keep(std::to_string(id));
  }
  insert(rows);
  update(changes);
  for (unsigned id = 100; id < 5'100; id += 7) {
    const std::string text = std::to_string(id);
    const Cell word{std::string_view{text}};
    const Rows found = stored(item_table(), {id}, {item::count, item::note, item::code});
    ASSERT_EQ(found[0][item::count], Cell{id % 2 == 0 ? static_cast<std::int32_t>(id) : 7});
    ASSERT_EQ(found[0][item::note], id % 3 == 0 ? word : Cell::null());
    ASSERT_EQ(found[0][item::code], id % 5 == 0 ? word : Cell::null());
  }
}

}  // namespace
}  // namespace hangar::conformance
