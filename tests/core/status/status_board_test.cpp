#include "status/status_board.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/readiness.hpp"
#include "hangar/table.hpp"

namespace hangar {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Result = StorageOutcome::Result;

const StatusBoard::Clock::time_point start{};
// A service without a table goes on while the storage is down.
const Table rows{.name = "row", .columns = {{"id", ColumnType::uuid, false}}};

class BoardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    board_.add_service("recorder", "1.0.0",
                       {.tables = {&rows}, .reads = {{"EVENTS", "events.>", "durable"}}});
  }

  [[nodiscard]] Snapshot seen() const { return board_.snapshot(start); }
  [[nodiscard]] bool ready() const { return Readiness{seen()}.ready(); }
  void end_with(Result result, std::string_view error = "it broke") {
    board_.record({StorageOutcome::Operation::transact, result, 0.02,
                   result == Result::done ? std::string_view{} : error});
  }
  std::shared_ptr<SourceCounters> connect() {
    auto counters = std::make_shared<SourceCounters>();
    counters->connections.add();
    counters->connected.set(1);
    board_.add_source("recorder", "main", counters);
    return counters;
  }

  StatusBoard board_{start};
};

TEST_F(BoardTest, ready_is_a_service_that_runs_and_is_connected) {
  EXPECT_FALSE(ready());
  const auto counters = connect();
  EXPECT_FALSE(ready());
  board_.set_state("recorder", ServiceState::starting, "");
  EXPECT_FALSE(ready());
  board_.set_state("recorder", ServiceState::running, "");
  EXPECT_TRUE(ready());
  counters->connected.set(0);
  EXPECT_FALSE(ready());
  counters->connected.set(1);
  board_.set_draining();
  EXPECT_FALSE(ready());
}

TEST_F(BoardTest, ready_is_whose_declared_connections_all_can_be_used) {
  board_.add_service("author", "1.0.0",
                     {.publishes = {{"COPIES", "copies.>"}},
                      .steers = {{"EVENTS", "triggers"}},
                      .leases = {"lease"}});
  connect();
  board_.set_state("recorder", ServiceState::running, "");
  board_.set_state("author", ServiceState::running, "");
  const std::vector<std::pair<const char*, const char*>> all{
      {"publisher", "the publisher of author"},
      {"consumer triggers", "the consumer triggers that author steers"},
      {"leases", "the leases of author"}};
  std::vector<std::shared_ptr<LinkState>> states;
  for (const auto& [name, title] : all) {
    EXPECT_FALSE(ready()) << name;
    auto& state = states.emplace_back(std::make_shared<LinkState>());
    state->connected.set(1);
    board_.add_connection("author", name, state);
  }
  EXPECT_TRUE(ready());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string title = all[i].second;
    states[i]->obstacle.set("nobody at nats://me:hunter2@nats");
    const std::string unusable = Readiness{seen()}.text();
    EXPECT_NE(unusable.find("[-]nats failed: " + title + " cannot be used: nobody at nats://"),
              unusable.npos)
        << unusable;
    EXPECT_EQ(unusable.find("hunter2"), unusable.npos);
    states[i]->connected.set(0);
    const std::string away = Readiness{seen()}.text();
    EXPECT_NE(away.find("[-]nats failed: " + title + " is not connected: nobody"), away.npos)
        << away;
    states[i]->connected.set(1);
    states[i]->obstacle.set({});
    EXPECT_TRUE(ready());
  }
}

TEST_F(BoardTest, not_ready_is_a_running_service_that_says_what_is_wrong_until_it_takes_it_back) {
  connect();
  board_.set_state("recorder", ServiceState::running, "the database refuses all");
  EXPECT_FALSE(ready());
  EXPECT_NE(Readiness{seen()}.text().find("recorder failed: the database refuses all"),
            std::string::npos);
  board_.set_state("recorder", ServiceState::running, "");
  EXPECT_TRUE(ready());
  EXPECT_EQ(seen().services.at(0).last_error, "the database refuses all");
}

TEST_F(BoardTest, only_a_storage_that_cannot_answer_is_down_and_until_it_answers) {
  connect();
  board_.set_state("recorder", ServiceState::running, "");
  using enum StorageOutcome::Result;
  for (const auto outage : {backoff, reconnect, when_answerable, unknown}) {
    for (const auto answer : {done, at_once, conflict, Result::data, other}) {
      end_with(outage);
      EXPECT_FALSE(ready());
      end_with(answer);
      EXPECT_TRUE(ready());
    }
  }
}

TEST_F(BoardTest, what_fails_in_the_background_is_told_and_no_outage) {
  connect();
  board_.set_state("recorder", ServiceState::running, "");
  board_.record({StorageOutcome::Operation::background, Result::locked, 0.02, "a row is locked"});
  EXPECT_TRUE(ready());
  EXPECT_EQ(seen().storage.last_error, "a row is locked");
  end_with(Result::reconnect);
  board_.record({StorageOutcome::Operation::background, Result::done, 0.02, {}});
  EXPECT_FALSE(ready());
}

TEST_F(BoardTest, counters_of_a_service_that_was_started_again_go_on) {
  const auto first = connect();
  first->received.add(5);
  first->acked.add(5);
  first->connected.set(0);
  const auto second = connect();
  second->received.add(2);
  second->held.set(2);
  second->connections.add(3);
  const auto source = seen().services.at(0).sources.at(0);
  EXPECT_EQ(source.received, 7U);
  EXPECT_EQ(source.acked, 5U);
  EXPECT_EQ(source.held, 2U);
  EXPECT_EQ(source.reconnects, 3U);
  EXPECT_TRUE(source.connected);
}

TEST_F(BoardTest, a_loop_that_does_not_tick_is_stuck_after_the_limit_and_no_longer_once_it_ticks) {
  const auto stuck_at = [this](StatusBoard::Clock::time_point now) {
    return board_.snapshot(now).stuck_for;
  };
  EXPECT_EQ(stuck_at(start + StatusBoard::start_limit), seconds{0});
  EXPECT_GT(stuck_at(start + StatusBoard::start_limit + seconds{1}), seconds{0});
  const auto ticked = start + seconds{100};
  board_.tick(ticked);
  EXPECT_EQ(stuck_at(ticked + StatusBoard::tick_limit), seconds{0});
  EXPECT_EQ(stuck_at(ticked + StatusBoard::tick_limit + seconds{5}),
            StatusBoard::tick_limit + seconds{5});
  EXPECT_GT(stuck_at(ticked + StatusBoard::tick_limit + milliseconds{1}), seconds{0});
  board_.tick(ticked + seconds{30});
  EXPECT_EQ(stuck_at(ticked + seconds{30}), seconds{0});
}

TEST_F(BoardTest, every_attempt_is_counted_once_in_its_bucket) {
  using Operations = Snapshot::Operations;
  for (const double took : {0.0, 0.001, 0.0011, 10.0, 11.0}) {
    board_.record({StorageOutcome::Operation::transact, Result::done, took, {}});
  }
  const auto operations = seen().storage.operations.at(1);
  EXPECT_EQ(operations.took.at(0), 2U);
  EXPECT_EQ(operations.took.at(1), 1U);
  EXPECT_EQ(operations.took.at(Operations::bounds.size() - 1), 1U);
  EXPECT_EQ(operations.took.at(Operations::bounds.size()), 1U);
  EXPECT_EQ(operations.results.at(0), 5U);
}

TEST_F(BoardTest, an_outage_without_a_text_is_told_by_its_kind) {
  end_with(Result::reconnect, "");
  EXPECT_EQ(seen().storage.last_error, "an error without a text, of the kind reconnect");
}

TEST_F(BoardTest, an_error_is_kept_without_its_passwords) {
  end_with(Result::reconnect, "no answer from postgresql://me:hunter2@db/prefect");
  board_.set_state("recorder", ServiceState::failed, "nats://user:hunter2@nats refused");
  EXPECT_EQ(seen().storage.last_error.find("hunter2"), std::string::npos);
  EXPECT_EQ(seen().services.at(0).last_error.find("hunter2"), std::string::npos);
  EXPECT_NE(seen().storage.last_error.find("no answer"), std::string::npos);
}

}  // namespace
}  // namespace hangar
