#include <array>
#include <thread>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

using Ids = std::vector<unsigned>;

/// Items 1 to 8, each a day after the one before, and a remark on each.
class Erase : public Conformance {
 protected:
  Erase() {
    Rows rows{item_table()};
    Rows remarks{remark_table()};
    for (unsigned id = 1; id <= 8; ++id) {
      const std::span<Cell> cells = add_item(rows, id);
      cells[item::at] = time_of(2024, 1, id);
      cells[item::code] = rows.keep("code" + std::to_string(id));
      add_remark(remarks, id, id, 0);
    }
    insert(rows);
    insert(remarks);
  }

  std::size_t erase(const Table& table, std::vector<Keys> keys) {
    session_->begin();
    const std::size_t erased = session_->erase(table, keys);
    session_->commit();
    return erased;
  }
  std::size_t erase(const Range& range, std::size_t limit) {
    session_->begin();
    const std::size_t erased = session_->erase(item_table(), range, limit);
    session_->commit();
    return erased;
  }
};

TEST_F(Erase, what_has_one_of_the_keys_is_gone_and_counted_once) {
  const Keys codes{.columns = {item::code},
                   .values = {std::string_view{"code3"}, std::string_view{"code5"},
                              std::string_view{"x' OR '1'='1"}}};
  EXPECT_EQ(erase(item_table(), {by_id({7, 3, 99, 7}), codes}), 3U);
  EXPECT_EQ(stored_items(), (Ids{1, 2, 4, 6, 8}));
  EXPECT_EQ(erase(item_table(), {by_id({7, 3, 99}), codes}), 0U);
  EXPECT_EQ(stored_items(), (Ids{1, 2, 4, 6, 8}));
}

TEST_F(Erase, what_refers_to_a_row_goes_with_it) {
  if (const auto why = storage_under_test().lacks("references")) GTEST_SKIP() << *why;
  EXPECT_EQ(erase(item_table(), {by_id({2, 3})}), 2U);
  EXPECT_EQ(ids_of(stored(remark_table(), {1, 2, 3, 4}, {remark::id})), (Ids{1, 4}));
  EXPECT_EQ(erase(remark_table(), {by_id({4})}), 1U);
  EXPECT_EQ(stored_items(), (Ids{1, 4, 5, 6, 7, 8}));
}

TEST_F(Erase, no_keys_delete_nothing) {
  EXPECT_EQ(erase(item_table(), {}), 0U);
  EXPECT_EQ(erase(item_table(), {by_id({})}), 0U);
  const Keys null{.columns = {item::owner, item::part}, .values = {Cell::null(), Cell::null()}};
  EXPECT_EQ(erase(item_table(), {null}), 0U);
  EXPECT_EQ(stored_items().size(), 8U);
}

TEST_F(Erase, keys_of_several_columns_match_as_a_whole) {
  Rows rows{tally_table()};
  std::int32_t code = 0;
  for (const unsigned owner : {1U, 2U}) {
    for (const std::string_view name : {"a", "b", "c"}) {
      add_tally(rows, owner, name)[tally::code] = ++code;
    }
  }
  insert(rows);
  const Keys pairs{.columns = tally_table().primary_key,
                   .values = {uuid_of(1), std::string_view{"a"}, uuid_of(2), std::string_view{"c"},
                              uuid_of(3), std::string_view{"b"}}};
  const Keys codes{.columns = {tally::code}, .values = {6, 2}};
  EXPECT_EQ(erase(tally_table(), {pairs, codes}), 3U);
  const Keys all{.columns = {tally::code}, .values = {1, 2, 3, 4, 5, 6}};
  session_->begin();
  const std::vector<std::size_t> columns{tally::code};
  const Rows left = session_->find(tally_table(), {{all}}, columns, Lock::none);
  session_->commit();
  ASSERT_EQ(left.size(), 3U);
  EXPECT_EQ(left[0][tally::code], Cell{3});
  EXPECT_EQ(left[1][tally::code], Cell{4});
  EXPECT_EQ(left[2][tally::code], Cell{5});
}

TEST_F(Erase, a_range_goes_slice_by_slice_the_first_rows_first) {
  const Range old{.column = item::at, .before = time_of(2024, 1, 6)};
  EXPECT_EQ(erase(old, 2), 2U);
  EXPECT_EQ(stored_items(), (Ids{3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(erase(old, 2), 2U);
  EXPECT_EQ(erase(old, 2), 1U);
  EXPECT_EQ(erase(old, 2), 0U);
  EXPECT_EQ(stored_items(), (Ids{6, 7, 8}));
  EXPECT_EQ(erase({.column = item::at, .descending = true}, 1), 1U);
  EXPECT_EQ(stored_items(), (Ids{6, 7}));
  EXPECT_EQ(erase({.column = item::at}, 0), 0U);
}

TEST_F(Erase, a_range_may_be_all_that_refers_to_some_rows) {
  Rows more{remark_table()};
  for (unsigned id = 100; id < 110; ++id) add_remark(more, id, 1 + id % 3, id);
  insert(more);
  const Range::OneOf of_two{.column = remark::item_id, .values = {uuid_of(1), uuid_of(2)}};
  session_->begin();
  EXPECT_EQ(session_->erase(remark_table(), {.one_of = {of_two}, .column = remark::id}, 1'000), 9U);
  session_->commit();
  EXPECT_EQ(ids_of(stored(remark_table(), {1, 2, 3, 100, 101, 102, 103}, {remark::id})),
            (Ids{3, 101}));
}

TEST_F(Erase, a_range_may_be_of_keys_of_several_columns_and_lie_behind_a_row) {
  Rows rows{tally_table()};
  for (const unsigned owner : {1U, 2U, 3U}) {
    for (const std::string_view name : {"a", "b", "c"}) add_tally(rows, owner, name);
  }
  insert(rows);
  Range range{.one_of = {{.column = tally::owner, .values = {uuid_of(1), uuid_of(2)}}},
              .column = tally::name,
              .before = std::string_view{"c"}};
  range.after.resize(tally_table().columns.size());
  range.after[tally::name] = std::string_view{"a"};
  range.after[tally::owner] = uuid_of(1);
  const std::vector<std::size_t> none;
  const auto left = [&] {
    std::string all;
    const Rows found = session_->scan(tally_table(), {.column = tally::owner}, none, 100);
    for (std::size_t row = 0; row < found.size(); ++row) {
      all += std::to_string(found[row][tally::owner].uuid().bytes[1]);
      all += found[row][tally::name].text();
    }
    return all;
  };
  session_->begin();
  EXPECT_EQ(session_->erase(tally_table(), range, 2), 2U);
  EXPECT_EQ(left(), "1a1c2b2c3a3b3c");
  EXPECT_EQ(session_->erase(tally_table(), range, 2), 1U);
  EXPECT_EQ(session_->erase(tally_table(), range, 2), 0U);
  EXPECT_EQ(left(), "1a1c2c3a3b3c");
  session_->commit();
}

TEST_F(Erase, a_range_may_be_of_words_of_an_enumeration) {
  Rows rows{item_table()};
  for (unsigned id = 1; id <= 8; ++id) {
    const std::span<Cell> cells = rows.add();
    cells[item::id] = uuid_of(id);
    cells[item::kind] = id % 2 == 0 ? std::string_view{"RED"} : std::string_view{"BLUE"};
  }
  update(rows);
  const Range::OneOf red{.column = item::kind,
                         .values = {std::string_view{"RED"}, std::string_view{"GREEN"}}};
  EXPECT_EQ(erase({.one_of = {red}, .column = item::at, .from = time_of(2024, 1, 3)}, 9), 3U);
  EXPECT_EQ(stored_items(), (Ids{1, 2, 3, 5, 7}));
}

TEST_F(Erase, a_rollback_brings_everything_back) {
  if (const auto why = storage_under_test().lacks("references")) GTEST_SKIP() << *why;
  session_->begin();
  session_->erase(item_table(), {{by_id({1, 2})}});
  session_->savepoint();
  session_->erase(item_table(), {.column = item::at}, 100);
  session_->rollback_to_savepoint();
  const std::vector<std::size_t> none;
  EXPECT_EQ(ids_of(session_->scan(item_table(), {.column = item::id}, none, 100)),
            (Ids{3, 4, 5, 6, 7, 8}));
  session_->rollback();
  EXPECT_EQ(stored_items().size(), 8U);
  EXPECT_EQ(stored(remark_table(), {1, 8}, {remark::id}).size(), 2U);
}

TEST_F(Erase, two_that_delete_one_range_at_once_count_each_row_once) {
  Rows rows{item_table()};
  for (unsigned id = 100; id < 1'100; ++id) add_item(rows, id)[item::at] = time_of(2023, 1, 1);
  insert(rows);
  const Range old{.column = item::at, .before = time_of(2024, 1, 1)};
  std::array<std::size_t, 2> erased{};
  std::vector<std::jthread> both;
  for (std::size_t& count : erased) {
    both.emplace_back([&] {
      const auto session = storage_->open_session();
      for (std::size_t slice = 1; slice > 0;) {
        try {
          session->begin();
          slice = session->erase(item_table(), old, 50);
          session->commit();
          count += slice;
        } catch (const TransientError&) {
          session->rollback();  // The other one has these rows locked.
        }
      }
    });
  }
  both.clear();
  EXPECT_EQ(erased[0] + erased[1], 1'000U);
  EXPECT_EQ(stored_items().size(), 8U);
}

TEST_F(Erase, five_thousand_keys_are_one_call) {
  Rows rows{item_table()};
  Keys keys{.columns = {item::id}, .values = {}};
  for (unsigned id = 100; id < 5'100; ++id) {
    add_item(rows, id);
    keys.values.emplace_back(uuid_of(id));
  }
  insert(rows);
  EXPECT_EQ(erase(item_table(), {keys}), 5'000U);
  EXPECT_EQ(stored_items().size(), 8U);
}

}  // namespace
}  // namespace hangar::conformance
