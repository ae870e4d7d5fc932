#include <limits>
#include <thread>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

/// Counting: a row of its own for each key, that is made when it is counted first.
class Add : public Conformance {
 protected:
  using Totals = std::vector<std::int64_t>;

  std::size_t add(const Rows& rows, std::vector<std::size_t> columns) {
    session_->begin();
    const std::size_t written = session_->add(rows, columns);
    session_->commit();
    return written;
  }

  Totals totals() {
    session_->begin();
    const std::vector<std::size_t> none;
    const Rows rows = session_->scan(tally_table(), {.column = tally::owner}, none, 10'000);
    const std::vector<std::size_t> columns{tally::total, tally::note};
    rows_ = session_->scan(tally_table(), {.column = tally::owner}, columns, 10'000);
    session_->commit();
    Totals result;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      result.push_back(rows_[row][tally::total].int8());
    }
    return result;
  }

  static std::span<Cell> tally(Rows& rows, unsigned owner, std::string_view name,
                               std::int64_t total) {
    const std::span<Cell> cells = add_tally(rows, owner, name);
    cells[tally::total] = total;
    return cells;
  }

  Rows rows_{tally_table()};
};

TEST_F(Add, a_row_that_is_not_there_is_inserted_and_one_that_is_grows) {
  Rows rows{tally_table()};
  tally(rows, 2, "a", 5)[tally::note] = std::string_view{"first"};
  tally(rows, 1, "b", 7);
  EXPECT_EQ(add(rows, {tally::total}), 2U);
  EXPECT_EQ(totals(), (Totals{7, 5}));
  Rows more{tally_table()};
  tally(more, 3, "a", 1);
  tally(more, 2, "a", -2)[tally::note] = std::string_view{"second"};
  EXPECT_EQ(add(more, {tally::total}), 2U);
  EXPECT_EQ(totals(), (Totals{7, 3, 1}));
  EXPECT_EQ(rows_[1][tally::note], Cell{std::string_view{"first"}});
}

TEST_F(Add, several_columns_grow_and_a_null_counts_as_nothing) {
  Rows rows{item_table()};
  const std::span<Cell> cells = add_item(rows, 1);
  cells[item::count] = 3;
  cells[item::large] = Cell::null();
  insert(rows);
  cells[item::count] = 4;
  cells[item::large] = std::int64_t{1} << 40U;
  EXPECT_EQ(add(rows, {item::count, item::large}), 1U);
  EXPECT_EQ(stored_cell(1, item::count), Cell{7});
  EXPECT_EQ(stored_cell(1, item::large), Cell{std::int64_t{1} << 40U});
  EXPECT_EQ(add(rows, {item::large}), 1U);
  EXPECT_EQ(stored_cell(1, item::count), Cell{7});
  EXPECT_EQ(stored_cell(1, item::large), Cell{std::int64_t{1} << 41U});
}

TEST_F(Add, what_is_absent_of_a_new_row_takes_the_default) {
  Rows rows{item_table()};
  add_item(rows, 1)[item::large] = std::int64_t{5};
  add(rows, {item::large});
  EXPECT_EQ(stored_cell(1, item::large), Cell{std::int64_t{5}});
  EXPECT_EQ(stored_cell(1, item::count), Cell{7});
  EXPECT_EQ(stored_cell(1, item::yes), Cell{true});
}

TEST_F(Add, a_sum_that_does_not_fit_is_a_data_error_that_names_the_row) {
  Rows rows{item_table()};
  for (const unsigned id : {3U, 1U, 2U}) {
    const std::span<Cell> cells = add_item(rows, id);
    cells[item::count] = id == 1 ? std::numeric_limits<std::int32_t>::max() : 1;
    cells[item::large] = id == 2 ? std::numeric_limits<std::int64_t>::max() : std::int64_t{1};
  }
  EXPECT_EQ(add(rows, {item::count, item::large}), 3U);
  for (const auto& [column, bad] : {std::pair{item::count, 1U}, std::pair{item::large, 2U}}) {
    session_->begin();
    session_->savepoint();
    try {
      session_->add(rows, {{column}});
      ADD_FAILURE() << "the sum was taken";
    } catch (const DataError& error) {
      EXPECT_EQ(error.row(), bad);
    }
    session_->rollback_to_savepoint();
    session_->commit();
  }
  EXPECT_EQ(stored_cell(1, item::count), Cell{std::numeric_limits<std::int32_t>::max()});
  EXPECT_EQ(stored_cell(3, item::count), Cell{1});
}

TEST_F(Add, what_a_constraint_refuses_is_a_data_error_that_names_the_row) {
  Rows rows{item_table()};
  for (unsigned id = 1; id <= 40; ++id) {
    add_item(rows, 41 - id)[item::count] = 1;
    if (id == 30) rows[rows.size() - 1][item::name] = Cell::null();
  }
  session_->begin();
  session_->savepoint();
  const std::vector<std::size_t> columns{item::count};
  try {
    session_->add(rows, columns);
    ADD_FAILURE() << "the row was taken";
  } catch (const DataError& error) {
    EXPECT_EQ(error.row(), 29U);
  }
  session_->rollback_to_savepoint();
  rows[29][item::name] = std::string_view{"item"};
  EXPECT_EQ(session_->add(rows, columns), 40U);
  session_->commit();
}

TEST_F(Add, another_unique_key_of_a_new_row_that_is_held_is_a_conflict) {
  Rows rows{tally_table()};
  tally(rows, 1, "a", 1)[tally::code] = 5;
  add(rows, {tally::total});
  Rows other{tally_table()};
  tally(other, 2, "a", 1)[tally::code] = 5;
  session_->begin();
  try {
    session_->add(other, {{tally::total}});
    ADD_FAILURE() << "the row was taken";
  } catch (const TransientError& error) {
    EXPECT_EQ(error.retry(), TransientError::Retry::conflict);
  }
  session_->rollback();
  EXPECT_EQ(totals(), Totals{1});
}

TEST_F(Add, no_rows_are_no_work) { EXPECT_EQ(add(Rows{tally_table()}, {tally::total}), 0U); }

TEST_F(Add, what_is_no_number_is_refused) {
  const auto refused = [&](const Rows& rows, const std::vector<std::size_t>& columns) {
    session_->begin();
    EXPECT_THROW(session_->add(rows, columns), std::logic_error);
    session_->rollback();
  };
  Rows rows{tally_table()};
  tally(rows, 1, "a", 1);
  refused(rows, {});
  refused(rows, {99});
  refused(rows, {tally::note});
  refused(rows, {tally::owner});
  refused(rows, {tally::code});  // It is absent.
  rows[0][tally::total] = Cell::null();
  refused(rows, {tally::total});
  rows[0][tally::total] = 1;  // An int4.
  refused(rows, {tally::total});
  EXPECT_EQ(totals(), Totals{});
}

TEST_F(Add, redelivered_events_are_counted_once_by_a_table_of_their_ids) {
  // As a service does it: what went in of the ids is what is counted, in one transaction.
  for (const unsigned last : {3U, 5U, 5U}) {
    Rows events{item_table()};
    for (unsigned id = 1; id <= last; ++id) add_item(events, id);
    session_->begin();
    std::int64_t fresh = 0;
    for (const bool went_in : session_->insert_missing(events)) fresh += went_in ? 1 : 0;
    Rows rows{tally_table()};
    tally(rows, 1, "events", fresh);
    session_->add(rows, {{tally::total}});
    session_->commit();
  }
  EXPECT_EQ(totals(), Totals{5});
}

TEST_F(Add, two_that_count_at_once_lose_nothing) {
  std::vector<std::jthread> both;
  for (int i = 0; i < 2; ++i) {
    both.emplace_back([this] {
      const auto session = storage_->open_session();
      const std::vector<std::size_t> columns{tally::total};
      for (int done = 0; done < 50;) {
        Rows rows{tally_table()};
        for (const unsigned owner : {3U, 1U, 2U}) tally(rows, owner, "a", 1);
        try {
          session->begin();
          session->add(rows, columns);
          session->commit();
          ++done;
        } catch (const TransientError&) {
          session->rollback();
        }
      }
    });
  }
  both.clear();
  EXPECT_EQ(totals(), (Totals{100, 100, 100}));
}

TEST_F(Add, five_thousand_rows_are_one_call) {
  Rows rows{tally_table()};
  for (unsigned id = 0; id < 5'000; ++id) tally(rows, id / 2, id % 2 == 0 ? "a" : "b", id);
  EXPECT_EQ(add(rows, {tally::total}), 5'000U);
  EXPECT_EQ(add(rows, {tally::total}), 5'000U);
  const Totals found = totals();
  ASSERT_EQ(found.size(), 5'000U);
  for (std::size_t id = 0; id < found.size(); ++id) {
    ASSERT_EQ(found[id], static_cast<std::int64_t>(2 * id));
  }
}

}  // namespace
}  // namespace hangar::conformance
