#include "fixture.hpp"

namespace hangar::conformance {
namespace {

using Ids = std::vector<unsigned>;

class Find : public Conformance {
 protected:
  Find() {
    Rows rows{item_table()};
    // Not in order of the key; 0x80 and 0xff are negative as signed bytes.
    for (const unsigned id : {0x8000U, 3U, 0xff00U, 1U, 0x7f00U, 2U}) {
      const std::span<Cell> cells = add_item(rows, id);
      cells[item::owner] = uuid_of(id + 1);
      cells[item::part] = std::string_view{"part"};
    }
    rows[1][item::code] = std::string_view{"three"};
    rows[3][item::owner] = Cell::null();
    insert(rows);
  }

  Rows find(std::span<const Keys> keys, std::vector<std::size_t> columns = {item::id},
            Lock lock = Lock::rows) {
    session_->begin();
    Rows rows = session_->find(item_table(), keys, columns, lock);
    session_->commit();
    return rows;
  }

  static Keys by_owner_and_part(std::initializer_list<std::pair<Cell, Cell>> pairs) {
    Keys keys{.columns = {item::owner, item::part}, .values = {}};
    for (const auto& [owner, part] : pairs) keys.values.insert(keys.values.end(), {owner, part});
    return keys;
  }
};

TEST_F(Find, rows_come_in_order_of_the_primary_key) {
  for (const Lock lock : {Lock::none, Lock::rows}) {
    const Rows rows =
        find({{by_id({0xff00, 2, 0x8000, 1, 3, 0x7f00})}}, {item::id, item::name}, lock);
    EXPECT_EQ(ids_of(rows), (Ids{1, 2, 3, 0x7f00, 0x8000, 0xff00}));
  }
}

TEST_F(Find, a_row_that_several_keys_match_comes_once) {
  const Keys codes{.columns = {item::code}, .values = {std::string_view{"three"}}};
  const Keys pairs = by_owner_and_part({{uuid_of(3), std::string_view{"part"}}});
  const Rows rows = find({{by_id({3, 3, 2, 3}), codes, pairs, codes}});
  EXPECT_EQ(ids_of(rows), (Ids{2, 3}));
}

TEST_F(Find, each_key_set_adds_its_rows) {
  const Keys codes{.columns = {item::code}, .values = {std::string_view{"three"}}};
  const Keys pairs = by_owner_and_part(
      {{uuid_of(0x8001), std::string_view{"part"}}, {uuid_of(0xff01), std::string_view{"part"}}});
  EXPECT_EQ(ids_of(find({{pairs, codes, by_id({2})}})), (Ids{2, 3, 0x8000, 0xff00}));
}

TEST_F(Find, a_composite_key_matches_as_a_whole) {
  const Keys pairs = by_owner_and_part(
      {{uuid_of(0x8001), std::string_view{"other"}}, {uuid_of(0x8002), std::string_view{"part"}}});
  EXPECT_TRUE(find({{pairs}}).empty());
}

TEST_F(Find, null_in_a_key_matches_nothing) {
  const Keys pairs = by_owner_and_part({{Cell::null(), std::string_view{"part"}}});
  EXPECT_TRUE(find({{pairs}}).empty());
}

TEST_F(Find, only_the_asked_columns_are_filled) {
  const Rows rows = find({{by_id({3})}}, {item::code, item::count, item::owner});
  ASSERT_EQ(rows.size(), 1U);
  const std::span<const Cell> cells = rows[0];
  for (std::size_t column = 0; column < cells.size(); ++column) {
    const bool asked = column == item::code || column == item::count || column == item::owner;
    EXPECT_EQ(cells[column].absent(), !asked) << "column " << column;
  }
  EXPECT_EQ(cells[item::code], Cell{std::string_view{"three"}});
  EXPECT_EQ(cells[item::count], Cell{7});
  EXPECT_EQ(cells[item::owner], Cell{uuid_of(4)});
}

TEST_F(Find, a_stored_null_is_null_and_not_absent) {
  const Rows rows = find({{by_id({1})}}, {item::owner, item::body});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0][item::owner], Cell::null());
  EXPECT_EQ(rows[0][item::body], Cell::null());
}

TEST_F(Find, what_matches_nothing_leaves_nothing) {
  EXPECT_TRUE(find({{by_id({77, 78})}}).empty());
}

TEST_F(Find, no_keys_find_nothing) {
  EXPECT_TRUE(find({{by_id({})}}).empty());
  EXPECT_TRUE(find({{by_id({}), by_owner_and_part({})}}).empty());
  EXPECT_TRUE(find({}).empty());
}

TEST_F(Find, the_result_knows_its_table) {
  EXPECT_EQ(&find({{by_id({3})}}).table(), &item_table());
  EXPECT_EQ(&find({}).table(), &item_table());
}

TEST_F(Find, text_of_keys_is_data) {
  const Keys codes{.columns = {item::code},
                   .values = {std::string_view{"x' OR '1'='1"}, std::string_view{"three\\"},
                              std::string_view{"{three}"}, std::string_view{"NULL"}}};
  EXPECT_TRUE(find({{codes}}).empty());
}

TEST_F(Find, sees_what_its_own_transaction_wrote) {
  session_->begin();
  Rows rows{item_table()};
  add_item(rows, 50);
  session_->insert_missing(rows);
  Rows changes{item_table()};
  const std::span<Cell> cells = changes.add();
  cells[item::id] = uuid_of(3);
  cells[item::count] = 33;
  session_->update(changes);
  const std::vector<std::size_t> columns{item::id, item::count};
  const Rows found = session_->find(item_table(), {{by_id({50, 3})}}, columns, Lock::rows);
  session_->commit();
  ASSERT_EQ(ids_of(found), (Ids{3, 50}));
  EXPECT_EQ(found[0][item::count], Cell{33});
  EXPECT_EQ(found[1][item::count], Cell{7});
}

TEST_F(Find, five_thousand_keys_are_one_call) {
  Rows rows{item_table()};
  Keys keys{.columns = {0}, .values = {}};
  for (unsigned id = 100; id < 5'100; ++id) {
    add_item(rows, id)[item::count] = static_cast<std::int32_t>(id);
    keys.values.insert(keys.values.begin(), uuid_of(id));
  }
  insert(rows);
  const Rows found = find({{keys}}, {item::id, item::count});
  ASSERT_EQ(found.size(), 5'000U);
  for (unsigned row = 0; row < 5'000; ++row) {
    ASSERT_EQ(found[row][item::id], Cell{uuid_of(row + 100)});
    ASSERT_EQ(found[row][item::count], Cell{static_cast<std::int32_t>(row + 100)});
  }
}

}  // namespace
}  // namespace hangar::conformance
