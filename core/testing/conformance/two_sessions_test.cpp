#include <future>
#include <thread>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

using namespace std::chrono_literals;

/// Longer than any wait that is no fault; and long enough for a call that does not wait to return.
constexpr auto patience = 20s;
constexpr auto moment = 100ms;

class TwoSessions : public Conformance {
 protected:
  TwoSessions() {
    Rows rows{item_table()};
    for (unsigned id = 1; id <= 50; ++id) add_item(rows, id)[item::count] = 1;
    insert(rows);
  }

  static Rows with_count(unsigned id, std::int32_t count) {
    Rows rows{item_table()};
    const std::span<Cell> cells = rows.add();
    cells[item::id] = uuid_of(id);
    cells[item::count] = count;
    return rows;
  }

  static Cell locked_count(Session& session, unsigned id) {
    const std::vector<std::size_t> columns{item::count};
    return session.find(item_table(), {{by_id({id})}}, columns, Lock::rows)[0][item::count];
  }

  /// Runs `work` in a transaction of the other session, on another thread; returns when it began.
  template <class Work>
  auto start_other(Work work) {
    std::promise<void> started;
    auto has_started = started.get_future();
    auto result = std::async(std::launch::async, [this, work, s = std::move(started)]() mutable {
      s.set_value();
      other_->begin();
      auto value = work(*other_);
      other_->commit();
      return value;
    });
    has_started.wait();
    return result;
  }

  /// What went in of a key that this session has put in, too, when it ends its transaction so.
  std::vector<bool> insert_beside_one_that_ends(void (Session::*end)()) {
    Rows rows{item_table()};
    add_item(rows, 60)[item::code] = std::string_view{"c"};
    session_->begin();
    EXPECT_EQ(session_->insert_missing(rows), std::vector<bool>{true});
    auto other = start_other([](Session& session) {
      Rows same{item_table()};
      add_item(same, 61)[item::code] = std::string_view{"c"};
      return session.insert_missing(same);
    });
    EXPECT_EQ(other.wait_for(moment), std::future_status::timeout);
    (session_.get()->*end)();
    EXPECT_EQ(other.wait_for(patience), std::future_status::ready);
    return other.get();
  }

  std::unique_ptr<Session> other_ = storage_->open_session();
};

TEST_F(TwoSessions, a_commit_is_visible_to_the_other) {
  session_->begin();
  session_->update(with_count(1, 2));
  session_->commit();
  other_->begin();
  EXPECT_EQ(locked_count(*other_, 1), Cell{2});
  other_->commit();
}

TEST_F(TwoSessions, a_commit_is_visible_to_another_storage_on_the_same_database) {
  session_->begin();
  session_->update(with_count(1, 2));
  session_->commit();
  const auto second = open_storage();
  const auto session = second->open_session();
  session->begin();
  EXPECT_EQ(locked_count(*session, 1), Cell{2});
  session->commit();
}

TEST_F(TwoSessions, a_locked_row_makes_the_other_wait_and_then_see_the_new_value) {
  session_->begin();
  EXPECT_EQ(locked_count(*session_, 1), Cell{1});
  auto other = start_other([](Session& session) { return locked_count(session, 1); });
  EXPECT_EQ(other.wait_for(moment), std::future_status::timeout);
  session_->update(with_count(1, 2));
  session_->commit();
  ASSERT_EQ(other.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(other.get(), Cell{2});
}

TEST_F(TwoSessions, a_rollback_gives_the_lock_back) {
  session_->begin();
  EXPECT_EQ(locked_count(*session_, 1), Cell{1});
  session_->update(with_count(1, 2));
  auto other = start_other([](Session& session) { return locked_count(session, 1); });
  EXPECT_EQ(other.wait_for(moment), std::future_status::timeout);
  session_->rollback();
  ASSERT_EQ(other.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(other.get(), Cell{1});
}

TEST_F(TwoSessions, a_key_that_the_other_is_inserting_is_waited_for_and_then_held) {
  EXPECT_EQ(insert_beside_one_that_ends(&Session::commit), std::vector<bool>{false});
}

TEST_F(TwoSessions, a_key_that_the_other_gave_up_goes_in) {
  EXPECT_EQ(insert_beside_one_that_ends(&Session::rollback), std::vector<bool>{true});
}

/// Adds one to the counts of the rows, which it is given in some order, again and again.
void count_up(Session& session, const Keys& keys, int rounds) {
  const std::vector<std::size_t> columns{item::id, item::count};
  for (int round = 0; round < rounds; ++round) {
    session.begin();
    const Rows found = session.find(item_table(), {{keys}}, columns, Lock::rows);
    Rows changes{item_table()};
    for (std::size_t row = 0; row < found.size(); ++row) {
      const std::span<Cell> cells = changes.add();
      cells[item::id] = found[row][item::id];
      cells[item::count] = found[row][item::count].int4() + 1;
    }
    session.update(changes);
    session.commit();
  }
}

TEST_F(TwoSessions, rows_found_in_opposite_orders_never_deadlock_and_lose_no_update) {
  constexpr int rounds = 25;
  Keys upwards{.columns = {0}, .values = {}};
  for (unsigned id = 1; id <= 50; ++id) upwards.values.emplace_back(uuid_of(id));
  const Keys downwards{.columns = {0}, .values = {upwards.values.rbegin(), upwards.values.rend()}};
  auto other = std::async(std::launch::async, [&] { count_up(*other_, downwards, rounds); });
  count_up(*session_, upwards, rounds);
  other.get();
  for (const unsigned id : {1U, 25U, 50U}) {
    EXPECT_EQ(stored_cell(id, item::count), Cell{1 + 2 * rounds});
  }
}

TEST_F(TwoSessions, a_session_may_move_from_thread_to_thread) {
  std::thread{[&] { session_->begin(); }}.join();
  session_->update(with_count(1, 2));
  std::thread{[&] { session_->commit(); }}.join();
  EXPECT_EQ(stored_cell(1, item::count), Cell{2});
}

}  // namespace
}  // namespace hangar::conformance
