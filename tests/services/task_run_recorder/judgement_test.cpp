#include "batch/judgement.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory_resource>
#include <string>
#include <thread>
#include <utility>

#include "accepted_event.hpp"
#include "event_decoder.hpp"
#include "items.hpp"
#include "memory_session.hpp"
#include "record.hpp"
#include "recording.hpp"
#include "simulation/events.hpp"
#include "uncounted_metrics.hpp"

namespace hangar::recorder {
namespace {

using batch::judge;
using batch::Judgement;
using simulation::Fate;

/// Refuses every row of one table, or every state with a message.
class Refusing final : public testing::MemorySession {
 public:
  std::string table;
  std::string message;

  std::vector<bool> insert_missing(const Rows& rows) override {
    check(rows);
    return MemorySession::insert_missing(rows);
  }
  std::size_t update(const Rows& rows) override {
    if (table == "update") throw DataError{"not_null", "update"};
    return MemorySession::update(rows);
  }

 private:
  void check(const Rows& rows) const {
    if (rows.table().name == table) throw DataError{"not_null", table};
    if (rows.table().name != "task_run_state" || message.empty()) return;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Cell& cell = rows[i][task_run_state::message];
      if (cell.kind() == Cell::Kind::text && cell.text() == message) {
        throw TransientError{"refused", TransientError::Retry::unknown, "P0001"};
      }
    }
  }
};

class JudgementLaw : public ::testing::Test {
 protected:
  PackedEvent packed(std::size_t run, std::size_t state, Fate fate) {
    const auto text = simulation::make_event(run, state, fate).data;
    return {*decoder_.decode(text, Timestamp{}, texts_), texts_};
  }
  Judgement judged(testing::MemorySession& session, const PackedEvent& event) {
    record_task_run_event(session, good_, Timestamp{});
    return judged(session, std::vector{event}).front();
  }
  std::vector<Judgement> judged(Session& session, const std::vector<PackedEvent>& events) {
    const ItemsOf items{events};
    return judge(session, AcceptedEvent{good_}, items.all(), target_);
  }

  std::pmr::monotonic_buffer_resource texts_;
  testing::UncountedMetrics metrics_;
  RecorderTarget target_{metrics_};
  EventDecoder decoder_;
  PackedEvent good_{packed(1, 1, Fate::recorded)};
  PackedEvent bad_{packed(2, 2, Fate::refused)};
};

TEST_F(JudgementLaw, what_is_refused_beside_what_goes_in_is_at_fault) {
  Refusing session;
  session.message = simulation::refused_text;
  EXPECT_EQ(judged(session, bad_), Judgement::item_at_fault);
}

TEST_F(JudgementLaw, what_goes_in_now_is_accepted) {
  Refusing session;
  EXPECT_EQ(judged(session, bad_), Judgement::accepted);
  EXPECT_EQ(judged(session, good_), Judgement::accepted);
}

TEST_F(JudgementLaw, a_database_that_refuses_either_table_or_updates_alone_is_at_fault) {
  for (const char* table : {"task_run", "task_run_state", "update"}) {
    Refusing session;
    record_task_run_event(session, good_, Timestamp{});
    session.table = table;
    const auto judgements = judged(session, std::vector{bad_});
    EXPECT_EQ(judgements.front(), Judgement::database_at_fault) << table;
  }
}

/// Cancels the statement that inserts a state with a message, after `patience`; what it inserts
/// else takes `usual`, and `later` from then on.
class Cancelling final : public testing::MemorySession {
 public:
  std::chrono::milliseconds patience{400};
  std::chrono::milliseconds usual{0};
  std::chrono::milliseconds later{0};

  std::vector<bool> insert_missing(const Rows& rows) override {
    const bool slow = is_slow(rows);
    if (slow) usual = later;
    const auto took = slow ? patience : usual;
    std::this_thread::sleep_for(took);
    if (slow || took >= patience) {
      throw TransientError{"canceled", TransientError::Retry::backoff, "57014"};
    }
    return MemorySession::insert_missing(rows);
  }

 private:
  static bool is_slow(const Rows& rows) {
    if (rows.table().name != "task_run_state") return false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Cell& cell = rows[i][task_run_state::message];
      if (cell.kind() == Cell::Kind::text && cell.text() == simulation::refused_text) return true;
    }
    return false;
  }
};

TEST_F(JudgementLaw, what_alone_takes_too_long_while_others_go_in_quickly_is_at_fault) {
  Cancelling session;
  record_task_run_event(session, good_, Timestamp{});
  const std::vector<PackedEvent> events{bad_, packed(3, 3, Fate::recorded), bad_};
  using enum Judgement;
  EXPECT_EQ(judged(session, events), (std::vector{item_at_fault, accepted, item_at_fault}));
}

TEST_F(JudgementLaw, what_takes_too_long_where_others_take_nearly_as_long_is_not_at_fault) {
  using namespace std::chrono_literals;
  for (const auto& [usual, later] : {std::pair{80ms, 0ms}, std::pair{0ms, 80ms}}) {
    Cancelling session;
    record_task_run_event(session, good_, Timestamp{});
    session.usual = usual;
    session.later = later;
    EXPECT_EQ(judged(session, std::vector{bad_}).front(), Judgement::database_at_fault)
        << usual.count();
  }
}

TEST_F(JudgementLaw, a_database_where_everything_takes_too_long_cannot_tell) {
  Cancelling session;
  record_task_run_event(session, good_, Timestamp{});
  for (const bool from_the_start : {true, false}) {
    (from_the_start ? session.usual : session.later) = session.patience;
    EXPECT_THROW(judged(session, std::vector{bad_}), TransientError);
    session.usual = {};
  }
}

/// Drops the rows of one table without an error, as a trigger that returns NULL does.
class Dropping final : public testing::MemorySession {
 public:
  std::string table;
  bool updates = false;

  std::vector<bool> insert_missing(const Rows& rows) override {
    if (rows.table().name == table) return std::vector<bool>(rows.size(), false);
    return MemorySession::insert_missing(rows);
  }
  std::size_t update(const Rows& rows) override {
    return updates ? 0 : MemorySession::update(rows);
  }
};

TEST_F(JudgementLaw,
       a_row_that_the_database_drops_is_told_as_that_and_not_as_a_race_or_a_collision) {
  for (const char* table : {"task_run", "task_run_state"}) {
    Dropping session;
    session.table = table;
    try {
      record_task_run_event(session, good_, Timestamp{});
      ADD_FAILURE() << table;
    } catch (const DataError& error) {
      EXPECT_EQ(error.reason(), "dropped_row");
      EXPECT_NE(std::string{error.what()}.find(std::string{"row of "} + table + " without"),
                std::string::npos)
          << error.what();
    }
  }
}

TEST_F(JudgementLaw, an_update_that_the_database_drops_is_not_taken_for_written) {
  Dropping session;
  record_task_run_event(session, good_, Timestamp{});
  session.updates = true;
  TaskRunEvent later = good_.unpack();
  later.run[task_run::state_id] = Uuid{};
  later.run[task_run::state_timestamp] = later.state_timestamp() + Interval{1};
  EXPECT_THROW(record_task_run_event(session, {later, texts_}, Timestamp{}), DataError);
}

TEST_F(JudgementLaw, an_accepted_event_goes_in_again_as_often_as_it_is_asked) {
  Refusing session;
  const AcceptedEvent accepted{good_};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(accepted.goes_in_again(session));
}

TEST_F(JudgementLaw, each_of_many_is_judged_as_if_it_were_alone) {
  Refusing session;
  session.message = simulation::refused_text;
  record_task_run_event(session, good_, Timestamp{});
  // The second would be a collision, if the first had gone in.
  TaskRunEvent twin = packed(3, 3, Fate::recorded).unpack();
  const PackedEvent first{twin, texts_};
  twin.run[task_run::state_id] = Uuid{};
  const std::vector<PackedEvent> events{first, bad_, {twin, texts_}, good_};
  using enum Judgement;
  EXPECT_EQ(judged(session, events), (std::vector{accepted, item_at_fault, accepted, accepted}));
}

TEST_F(JudgementLaw, a_state_at_the_time_of_another_is_at_fault) {
  Refusing session;
  record_task_run_event(session, bad_, Timestamp{});
  TaskRunEvent event = bad_.unpack();
  event.run[task_run::state_id] = Uuid{};
  EXPECT_EQ(judged(session, {event, texts_}), Judgement::item_at_fault);
}

}  // namespace
}  // namespace hangar::recorder
