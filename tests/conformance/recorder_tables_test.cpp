#include <array>

#include "fixture.hpp"
#include "tables.hpp"

namespace hangar::conformance {
namespace {

using recorder::task_run_state_table;
using recorder::task_run_table;
namespace run = recorder::task_run;
namespace state = recorder::task_run_state;

/// The declarations that a real service has.
class RecorderTables : public testing::Test {
 protected:
  RecorderTables() {
    const std::array<const Table*, 2> tables{&task_run_table(), &task_run_state_table()};
    storage_->prepare(tables, Creation::when_absent);
    storage_->prepare(tables, Creation::never);
    session_ = storage_->open_session();
    session_->begin();
  }

  static std::span<Cell> add_run(Rows& rows, unsigned id) {
    const std::span<Cell> cells = rows.add();
    cells[run::id] = uuid_of(id);
    cells[run::name] = std::string_view{"extract-0"};
    cells[run::task_key] = std::string_view{"extract"};
    cells[run::dynamic_key] = std::string_view{"0"};
    return cells;
  }

  static std::span<Cell> add_state(Rows& rows, unsigned id, unsigned run_id) {
    const std::span<Cell> cells = rows.add();
    cells[state::id] = uuid_of(id);
    cells[state::type] = std::string_view{"RUNNING"};
    cells[state::name] = std::string_view{"Running"};
    cells[state::timestamp] = time_of(2026, 1, 2, 3);
    cells[state::task_run_id] = uuid_of(run_id);
    return cells;
  }

  std::unique_ptr<FreshDatabase> database_ = storage_under_test().fresh_database();
  std::unique_ptr<Storage> storage_ = storage_under_test().open(database_->url());
  std::unique_ptr<Session> session_;
};

TEST_F(RecorderTables, a_run_has_the_defaults_of_the_reference) {
  Rows rows{task_run_table()};
  add_run(rows, 1);
  session_->insert_missing(rows);
  std::vector<std::size_t> columns;
  for (std::size_t column = 0; column < run::column_count; ++column) columns.push_back(column);
  const Rows found = session_->find(task_run_table(), {{by_id({1})}}, columns, Lock::rows);
  session_->commit();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0][run::run_count], Cell{0});
  EXPECT_EQ(found[0][run::flow_run_run_count], Cell{0});
  EXPECT_EQ(found[0][run::total_run_time], Cell{Interval{0}});
  EXPECT_EQ(found[0][run::empirical_policy], Cell{std::string_view{"{}"}});
  EXPECT_EQ(found[0][run::task_inputs], Cell{std::string_view{"{}"}});
  EXPECT_EQ(found[0][run::tags], Cell{std::string_view{"[]"}});
  EXPECT_EQ(found[0][run::labels], Cell::null());
  EXPECT_EQ(found[0][run::created].kind(), Cell::Kind::timestamp);
  EXPECT_EQ(found[0][run::updated].kind(), Cell::Kind::timestamp);
}

TEST_F(RecorderTables, the_natural_key_keeps_a_run_out_and_finds_it) {
  Rows rows{task_run_table()};
  add_run(rows, 1)[run::flow_run_id] = uuid_of(500);
  add_run(rows, 2)[run::flow_run_id] = uuid_of(500);
  add_run(rows, 3);
  add_run(rows, 4);
  EXPECT_EQ(session_->insert_missing(rows), (std::vector<bool>{true, false, true, true}));
  const Keys natural{.columns = {run::flow_run_id, run::task_key, run::dynamic_key},
                     .values = {uuid_of(500), std::string_view{"extract"}, std::string_view{"0"}}};
  const std::vector<std::size_t> columns{run::id};
  const Rows found =
      session_->find(task_run_table(), {{natural, by_id({2, 3})}}, columns, Lock::rows);
  session_->commit();
  EXPECT_EQ(ids_of(found), (std::vector<unsigned>{1, 3}));
}

TEST_F(RecorderTables, a_second_state_at_the_same_instant_stays_out) {
  Rows runs{task_run_table()};
  add_run(runs, 1);
  session_->insert_missing(runs);
  Rows states{task_run_state_table()};
  add_state(states, 1, 1);
  add_state(states, 2, 1);
  add_state(states, 3, 1)[state::timestamp] = time_of(2026, 1, 2, 4);
  EXPECT_EQ(session_->insert_missing(states), (std::vector<bool>{true, false, true}));
  session_->commit();
}

TEST_F(RecorderTables, all_state_types_are_stored) {
  Rows runs{task_run_table()};
  const auto& types = task_run_table().enumeration_values;
  for (unsigned i = 0; i < types.size(); ++i) add_run(runs, i)[run::state_type] = types[i];
  EXPECT_EQ(session_->insert_missing(runs), std::vector<bool>(types.size(), true));
  session_->commit();
}

TEST_F(RecorderTables, a_state_without_its_run_is_a_data_error) {
  Rows states{task_run_state_table()};
  add_state(states, 1, 77);
  try {
    session_->insert_missing(states);
    FAIL() << "accepted";
  } catch (const DataError& error) {
    EXPECT_EQ(error.reason(), "foreign_key");
  }
  session_->rollback();
}

}  // namespace
}  // namespace hangar::conformance
