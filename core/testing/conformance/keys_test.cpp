#include <array>
#include <deque>
#include <limits>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

using Flags = std::vector<bool>;

/// A table with a primary key of one column that is no uuid, and not the first.
Table keyed(std::string_view name, ColumnType type) {
  return {.name = name,
          .columns = {{"note", ColumnType::text}, {"id", type, false}},
          .indexes = {},
          .foreign_keys = {},
          .primary_key = {1}};
}

class KeyTypes : public Conformance {
 protected:
  Rows find(const Table& table, const Keys& keys, std::vector<std::size_t> columns,
            Lock lock = Lock::rows) {
    session_->begin();
    Rows rows = session_->find(table, {{keys}}, columns, lock);
    session_->commit();
    return rows;
  }

  Rows find_pairs(std::initializer_list<std::pair<unsigned, std::string_view>> pairs,
                  Lock lock = Lock::rows) {
    Keys keys{.columns = tally_table().primary_key, .values = {}};
    for (const auto& [owner, name] : pairs) {
      keys.values.insert(keys.values.end(), {Cell{uuid_of(owner)}, Cell{name}});
    }
    return find(tally_table(), keys,
                {tally::owner, tally::name, tally::total, tally::note, tally::code}, lock);
  }

  /// What each type of key must do: be unique, be found in order, be updated by.
  void expect_keys(std::string_view name, ColumnType type, const std::vector<Cell>& in_order) {
    const Table& table = tables_.emplace_back(keyed(name, type));
    storage_->prepare(std::array<const Table*, 1>{&table}, Creation::when_absent);
    storage_->prepare(std::array<const Table*, 1>{&table}, Creation::never);
    Rows rows{table};
    Keys keys{.columns = {1}, .values = {}};
    for (std::size_t i = in_order.size(); i > 0; --i) {
      rows.add()[1] = in_order[i - 1];
      keys.values.push_back(in_order[i - 1]);
    }
    EXPECT_EQ(insert(rows), Flags(in_order.size(), true));
    EXPECT_EQ(insert(rows), Flags(in_order.size(), false));
    Rows changes{table};
    const std::span<Cell> change = changes.add();
    change[0] = std::string_view{"new"};
    change[1] = in_order.back();
    EXPECT_EQ(update(changes), 1U);
    const Rows found = find(table, keys, {0, 1});
    ASSERT_EQ(found.size(), in_order.size());
    for (std::size_t i = 0; i < in_order.size(); ++i) {
      EXPECT_EQ(found[i][1], in_order[i]);
      EXPECT_EQ(found[i][0], i + 1 < in_order.size() ? Cell::null() : change[0]);
    }
  }

 private:
  std::deque<Table> tables_;
};

TEST_F(KeyTypes, of_text) {
  expect_keys("by_text", ColumnType::text,
              {std::string_view{""}, std::string_view{"a"}, std::string_view{"ab"},
               std::string_view{"b"}, std::string_view{"x' OR '1'='1"}});
}

TEST_F(KeyTypes, of_numbers) {
  using limits = std::numeric_limits<std::int64_t>;
  expect_keys("by_int8", ColumnType::int8,
              {limits::min(), std::int64_t{-1}, std::int64_t{0}, std::int64_t{2}, std::int64_t{10},
               limits::max()});
  expect_keys("by_int4", ColumnType::int4, {-1, 0, 2, 10});
}

TEST_F(KeyTypes, of_times_bytes_and_booleans) {
  static const std::array<std::byte, 2> all{std::byte{0}, std::byte{0xff}};
  const std::span<const std::byte> bytes{all};
  expect_keys("by_time", ColumnType::timestamp,
              {time_of(1, 1, 1), time_of(1969, 12, 31), time_of(2024, 2, 29, 1)});
  expect_keys("by_bytes", ColumnType::bytes,
              {bytes.first(0), bytes.first(1), bytes, bytes.last(1)});
  expect_keys("by_boolean", ColumnType::boolean, {false, true});
}

TEST_F(KeyTypes, that_are_none_are_refused_and_the_transaction_goes_on) {
  Rows rows{tally_table()};
  add_tally(rows, 1, "a")[tally::code] = 5;
  insert(rows);
  const std::array<Keys, 10> wrong{{
      {.columns = {}, .values = {5}},
      {.columns = {99}, .values = {5}},
      {.columns = {tally::total}, .values = {std::int64_t{0}}},
      {.columns = {tally::owner}, .values = {uuid_of(1)}},  // A part of one.
      {.columns = {tally::name, tally::owner}, .values = {std::string_view{"a"}, uuid_of(1)}},
      {.columns = tally_table().primary_key, .values = {uuid_of(1)}},
      {.columns = tally_table().primary_key,
       .values = {uuid_of(1), std::string_view{"a"}, uuid_of(1)}},
      {.columns = {tally::code}, .values = {std::int64_t{5}}},
      {.columns = {tally::code}, .values = {std::string_view{"5"}}},
      {.columns = {tally::code}, .values = {Cell{}}},
  }};
  const std::vector<std::size_t> columns{tally::name};
  const Keys right{.columns = {tally::code}, .values = {5, Cell::null()}};
  session_->begin();
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    const std::array keys{right, wrong.at(i)};
    EXPECT_THROW(session_->find(tally_table(), keys, columns, Lock::rows), std::logic_error) << i;
    EXPECT_THROW(session_->erase(tally_table(), keys), std::logic_error) << i;
  }
  const std::vector<std::size_t> beyond{tally::name, 99};
  EXPECT_THROW(session_->find(tally_table(), {{right}}, beyond, Lock::rows), std::logic_error);
  EXPECT_EQ(session_->find(tally_table(), {{right}}, columns, Lock::rows).size(), 1U);
  session_->commit();
}

TEST_F(KeyTypes, of_several_columns_are_unique_as_a_whole) {
  Rows first{tally_table()};
  add_tally(first, 1, "a");
  add_tally(first, 1, "b");
  EXPECT_EQ(insert(first), (Flags{true, true}));
  Rows second{tally_table()};
  add_tally(second, 1, "b");
  add_tally(second, 2, "b");
  EXPECT_EQ(insert(second), (Flags{false, true}));
}

TEST_F(KeyTypes, of_several_columns_are_found_in_their_order_and_once) {
  Rows rows{tally_table()};
  std::int32_t code = 0;
  for (const unsigned owner : {0xff00U, 1U, 0x8000U}) {
    for (const std::string_view name : {"b", "c", "a"}) {
      add_tally(rows, owner, name)[tally::code] = ++code;
    }
  }
  insert(rows);
  const Keys pairs{
      .columns = tally_table().primary_key,
      .values = {uuid_of(0xff00), std::string_view{"a"}, uuid_of(1), std::string_view{"c"},
                 uuid_of(0x8000), std::string_view{"x"}, uuid_of(1), std::string_view{"c"},
                 uuid_of(1), std::string_view{"a"}}};
  // 5 is the "c" of 1, 9 the "a" of 0x8000.
  const Keys codes{.columns = {tally::code}, .values = {5, 9, 77}};
  for (const Lock lock : {Lock::none, Lock::rows, Lock::skip_locked}) {
    session_->begin();
    const std::vector<std::size_t> columns{tally::code};
    const Rows found = session_->find(tally_table(), {{pairs, codes}}, columns, lock);
    session_->commit();
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found[0][tally::code], Cell{6});
    EXPECT_EQ(found[1][tally::code], Cell{5});
    EXPECT_EQ(found[2][tally::code], Cell{9});
    EXPECT_EQ(found[3][tally::code], Cell{3});
    EXPECT_TRUE(found[0][tally::name].absent());
  }
}

TEST_F(KeyTypes, of_several_columns_are_what_an_update_goes_by) {
  Rows rows{tally_table()};
  for (const std::string_view name : {"a", "b"}) add_tally(rows, 1, name);
  add_tally(rows, 2, "a");
  insert(rows);
  Rows changes{tally_table()};
  add_tally(changes, 2, "a")[tally::total] = std::int64_t{5};
  add_tally(changes, 1, "b")[tally::code] = 8;
  add_tally(changes, 1, "a");
  add_tally(changes, 7, "a")[tally::total] = std::int64_t{7};
  EXPECT_EQ(update(changes), 2U);
  const Rows found = find_pairs({{1, "a"}, {1, "b"}, {2, "a"}, {7, "a"}});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0][tally::total], Cell{std::int64_t{0}});
  EXPECT_EQ(found[0][tally::code], Cell::null());
  EXPECT_EQ(found[1][tally::total], Cell{std::int64_t{0}});
  EXPECT_EQ(found[1][tally::code], Cell{8});
  EXPECT_EQ(found[2][tally::total], Cell{std::int64_t{5}});
}

TEST_F(KeyTypes, of_several_columns_name_the_refused_row_and_the_others_go_on) {
  Rows rows{tally_table()};
  for (unsigned id = 0; id < 100; ++id) {
    add_tally(rows, id, "a")[tally::total] = id == 60 ? Cell::null() : Cell{std::int64_t{1}};
  }
  session_->begin();
  session_->savepoint();
  try {
    session_->insert_missing(rows);
    ADD_FAILURE() << "nothing was refused";
  } catch (const DataError& error) {
    EXPECT_EQ(error.row(), 60U);
  }
  session_->rollback_to_savepoint();
  rows[60][tally::total] = std::int64_t{1};
  session_->insert_missing(rows);
  session_->savepoint();
  for (unsigned id = 0; id < 100; ++id) {
    rows[id][tally::total] = id == 70 ? Cell::null() : Cell{std::int64_t{2}};
  }
  try {
    session_->update(rows);
    ADD_FAILURE() << "nothing was refused";
  } catch (const DataError& error) {
    EXPECT_EQ(error.row(), 70U);
  }
  session_->rollback_to_savepoint();
  rows[70][tally::total] = std::int64_t{2};
  EXPECT_EQ(session_->update(rows), 100U);
  // And tables with one column of keys go on as before.
  Rows items{item_table()};
  add_item(items, 1);
  session_->insert_missing(items);
  items[0][item::count] = 9;
  EXPECT_EQ(session_->update(items), 1U);
  session_->commit();
  EXPECT_EQ(find_pairs({{60, "a"}})[0][tally::total], Cell{std::int64_t{2}});
  EXPECT_EQ(stored_cell(1, item::count), Cell{9});
}

TEST_F(KeyTypes, of_several_columns_five_thousand_are_one_call) {
  Rows rows{tally_table()};
  Keys keys{.columns = tally_table().primary_key, .values = {}};
  for (unsigned id = 0; id < 5'000; ++id) {
    const std::span<Cell> cells = add_tally(rows, id % 50, std::to_string(id));
    cells[tally::total] = static_cast<std::int64_t>(id);
    keys.values.insert(keys.values.end(), {cells[tally::owner], cells[tally::name]});
  }
  EXPECT_EQ(insert(rows), Flags(5'000, true));
  for (unsigned id = 0; id < 5'000; ++id) {
    rows[id][tally::total] = static_cast<std::int64_t>(id) + 1;
  }
  EXPECT_EQ(update(rows), 5'000U);
  const Rows found = find(tally_table(), keys, {tally::name, tally::total});
  ASSERT_EQ(found.size(), 5'000U);
  for (std::size_t row = 0; row < found.size(); ++row) {
    const std::int64_t id = found[row][tally::total].int8() - 1;
    ASSERT_EQ(found[row][tally::name].text(), std::to_string(id));
  }
}

}  // namespace
}  // namespace hangar::conformance
