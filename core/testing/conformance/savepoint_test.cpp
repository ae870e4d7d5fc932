#include "fixture.hpp"

namespace hangar::conformance {
namespace {

/// How a transaction goes on beside rows that are refused.
class Savepoint : public Conformance {
 protected:
  /// So many items from the id on; the `bad`th lacks what may not be null.
  static Rows items(unsigned first, unsigned count, std::optional<unsigned> bad = {}) {
    Rows rows{item_table()};
    for (unsigned i = 0; i < count; ++i) {
      const std::span<Cell> cells = add_item(rows, first + i);
      if (bad == i) cells[item::count] = Cell::null();
    }
    return rows;
  }

  /// So many changes from the id on, of which every other one is of a key; the `bad`th is refused.
  static Rows changes(unsigned first, unsigned count, unsigned bad) {
    Rows rows{item_table()};
    for (unsigned i = 0; i < count; ++i) {
      const std::span<Cell> cells = rows.add();
      // Not in the order of the ids.
      cells[item::id] = uuid_of(first + (i + count / 2) % count);
      cells[item::count] = std::int32_t{3};
      if (i % 2 == 0) cells[item::code] = rows.keep(std::to_string(first + i));
      if (bad == i) cells[item::count] = Cell::null();
    }
    return rows;
  }

  template <class Call>
  std::optional<std::size_t> refused_row(Call call) {
    session_->savepoint();
    try {
      call();
    } catch (const DataError& error) {
      session_->rollback_to_savepoint();
      return error.row();
    }
    throw std::logic_error{"nothing was refused"};
  }

  std::size_t count_of(const Rows& rows) {
    Keys keys{.columns = {item::id}, .values = {}};
    for (std::size_t i = 0; i < rows.size(); ++i) keys.values.push_back(rows[i][item::id]);
    const std::vector<std::size_t> columns{item::id};
    session_->begin();
    const std::size_t count = session_->find(item_table(), {{keys}}, columns, Lock::none).size();
    session_->commit();
    return count;
  }
};

TEST_F(Savepoint, what_came_before_a_refusal_stays_and_what_comes_after_goes_in) {
  session_->begin();
  session_->insert_missing(items(100, 60));
  session_->savepoint();
  EXPECT_THROW(session_->insert_missing(items(200, 60, 30)), DataError);
  session_->rollback_to_savepoint();
  session_->insert_missing(items(300, 60));
  session_->commit();
  EXPECT_EQ(count_of(items(100, 60)), 60U);
  EXPECT_EQ(count_of(items(200, 60)), 0U);
  EXPECT_EQ(count_of(items(300, 60)), 60U);
}

TEST_F(Savepoint, the_second_forgets_the_first_and_both_may_be_gone_back_to_again) {
  session_->begin();
  session_->savepoint();
  session_->insert_missing(items(100, 2));
  session_->savepoint();
  for (int i = 0; i < 2; ++i) {
    session_->insert_missing(items(200, 2));
    session_->update(changes(100, 2, 9));
    session_->rollback_to_savepoint();
  }
  session_->commit();
  EXPECT_EQ(count_of(items(100, 2)), 2U);
  EXPECT_EQ(count_of(items(200, 2)), 0U);
  EXPECT_EQ(stored_cell(100, item::count), Cell{7});
}

TEST_F(Savepoint, the_refused_row_is_named_wherever_it_stands) {
  session_->begin();
  for (const unsigned count : {1U, 2U, 9U, 60U, 300U}) {
    for (const unsigned bad : {0U, count / 2, count - 1}) {
      EXPECT_EQ(refused_row([&] { session_->insert_missing(items(1, count, bad)); }), bad);
    }
  }
  session_->commit();
}

TEST_F(Savepoint, the_refused_row_is_named_among_rows_that_are_there_already) {
  insert(items(1, 40));
  session_->begin();
  for (const unsigned bad : {40U, 59U, 99U}) {
    EXPECT_EQ(refused_row([&] { session_->insert_missing(items(1, 100, bad)); }), bad);
  }
  session_->commit();
}

TEST_F(Savepoint, the_refused_change_is_named_wherever_it_stands) {
  insert(items(1, 100));
  session_->begin();
  for (const unsigned count : {1U, 2U, 9U, 100U}) {
    for (const unsigned bad : {0U, count / 2, count - 1}) {
      EXPECT_EQ(refused_row([&] { session_->update(changes(1, count, bad)); }), bad);
    }
  }
  session_->commit();
}

TEST_F(Savepoint, one_row_of_many_is_found_until_all_the_others_are_in) {
  Rows rows{item_table()};
  for (unsigned id = 1; id <= 200; ++id) {
    const std::span<Cell> cells = add_item(rows, id);
    if (id % 50 == 0) cells[item::count] = Cell::null();
  }
  std::vector<bool> left_out(rows.size());
  session_->begin();
  for (int refusals = 0; refusals <= 4; ++refusals) {
    Rows some{item_table()};
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (left_out[i]) continue;
      std::ranges::copy(rows[i], some.add().begin());
      places.push_back(i);
    }
    if (refusals == 4) {
      session_->insert_missing(some);
      break;
    }
    const auto row = refused_row([&] { session_->insert_missing(some); });
    ASSERT_TRUE(row);
    left_out[places[*row]] = true;
  }
  session_->commit();
  EXPECT_EQ(count_of(rows), 196U);
}

}  // namespace
}  // namespace hangar::conformance
