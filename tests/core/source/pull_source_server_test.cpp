#include <fmt/format.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>
#include <utility>

#include "hangar/error.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

Rejection odd() { return {"odd", "odd"}; }

using PullSourceTest = NatsTest;

TEST_F(PullSourceTest, messages_come_in_stream_order_with_what_the_stream_knows_of_them) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    for (int i = 1; i <= 5; ++i) {
      Headers headers{{"Kind", fmt::format("k{}", i)}};
      co_await publish_one(subject, "event " + std::to_string(i), std::move(headers));
    }
    Batch batch = co_await collect(*tested, 5);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(batch[i].data(), "event " + std::to_string(i + 1));
      EXPECT_EQ(batch[i].sequence(), i + 1);
      EXPECT_EQ(batch[i].deliveries(), 1U);
      EXPECT_EQ(batch[i].subject(), subject);
      EXPECT_EQ(batch[i].header("Kind"), fmt::format("k{}", i + 1));
      EXPECT_EQ(batch[i].header("Other"), std::nullopt);
      EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - batch[i].stored()), 60s);
    }
    batch.ack();
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, nothing_is_acked_before_ack) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    co_await publish(10);
    Batch batch = co_await collect(*tested, 10);
    co_await until_ack_pending(10);
    EXPECT_EQ((co_await consumer()).ack_floor, 0U);
    batch.ack();
    co_await until_ack_pending(0);
    EXPECT_EQ((co_await consumer()).ack_floor, 10U);
    EXPECT_EQ(tested->counters()->acked.value(), 10U);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, message_given_back_with_a_delay_does_not_come_before_it) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    co_await publish(1);
    Batch batch = co_await collect(*tested, 1);
    const auto nacked = std::chrono::steady_clock::now();
    batch.front().nak(1s);
    batch = co_await collect(*tested, 1);
    const auto waited = std::chrono::steady_clock::now() - nacked;
    EXPECT_GE(waited, 900ms);
    EXPECT_LT(waited, 5s);
    batch.ack();
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, forgotten_message_is_acked_or_comes_again_whole) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    co_await publish(3);
    Batch batch = co_await collect(*tested, 3);
    const std::string data{batch[1].data()};
    for (Message& message : batch) {
      message.drop_data(1000);
      EXPECT_TRUE(message.data().empty());
      EXPECT_EQ(message.header("Nats-Msg-Id"), std::nullopt);
    }
    EXPECT_EQ(batch[1].sequence(), 2U);
    co_await until([&]() -> asio::awaitable<bool> {
      co_return tested->counters()->held_bytes.value() == 3000U;
    });
    batch[0].ack();
    batch[1].nak();
    // There is nothing to put into a letter: it is given back.
    bool refused = false;
    try {
      co_await tested->reject(std::move(batch[2]), odd());
    } catch (const std::logic_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    Batch again = co_await collect(*tested, 2);
    std::ranges::sort(again, {}, &Message::sequence);
    EXPECT_EQ(again[0].sequence(), 2U);
    EXPECT_EQ(again[0].data(), data);
    EXPECT_EQ(again[1].sequence(), 3U);
    EXPECT_EQ(tested->counters()->rejected.value(), 0U);
    again.ack();
    co_await until_ack_pending(0);
    EXPECT_EQ(tested->counters()->acked.value(), 3U);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, stop_gives_back_what_was_not_handed_out_and_next_is_empty) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    co_await publish(50);
    co_await until_ack_pending(50);
    Batch mine = co_await tested->next(10, 0ms);
    EXPECT_EQ(mine.size(), 10U);
    const auto stopped = std::chrono::steady_clock::now();
    tested->stop();
    EXPECT_TRUE((co_await tested->next(10, 1s)).empty());
    EXPECT_TRUE((co_await tested->next(10, 1s)).empty());
    // Another replica has the rest long before ack_wait is over.
    const auto other = source();
    co_await other->open();
    Batch theirs = co_await collect(*other, 40);
    EXPECT_LT(std::chrono::steady_clock::now() - stopped, 3s);
    theirs.ack();
    mine.ack();
    co_await tested->close();
    co_await until_ack_pending(0);
    EXPECT_EQ((co_await consumer()).ack_floor, 50U);
    co_await other->close();
  }());
}

TEST_F(PullSourceTest, message_of_five_megabytes_passes) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    const std::string large(5'000'000, 'x');
    co_await publish(4, large);
    for (int i = 0; i < 4; ++i) {
      Batch batch = co_await collect(*tested, 1);
      EXPECT_EQ(batch.front().data(), large);
      batch.ack();
    }
    co_await until_ack_pending(0);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, message_larger_than_the_credit_comes_and_holds_up_nothing) {
  run([this]() -> asio::awaitable<void> {
    NatsConfig small = config();
    small.credit_bytes.value = 64 << 10;
    const auto tested = source(options(), small);
    co_await tested->open();
    const std::string large(900 << 10, 'x');
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 6; ++i) {
      co_await publish(20);
      co_await publish(1, large);
    }
    co_await publish(20);
    for (std::uint64_t next = 1; next <= 146;) {
      Batch batch = co_await tested->next(100, 0ms);
      for (const Message& message : batch) {
        EXPECT_EQ(message.sequence(), next);
        EXPECT_EQ(message.data().size(), next++ % 21 == 0 ? large.size() : 5U);
      }
      batch.ack();
    }
    // A pull lasts 5 s: each large message would cost as much if it waited for the end of one.
    EXPECT_LT(std::chrono::steady_clock::now() - began, 25s);
    co_await until_ack_pending(0);
    EXPECT_EQ(tested->counters()->redelivered.value(), 0U);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, copy_of_a_message_in_flight_is_merged_with_it) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    const auto tested = source();
    co_await tested->open();
    co_await publish(3);
    Batch batch = co_await collect(*tested, 3);
    co_await until(
        [&]() -> asio::awaitable<bool> { co_return tested->counters()->copies.value() >= 3U; });
    EXPECT_EQ(tested->counters()->received.value(), 3U);
    EXPECT_EQ(tested->counters()->held.value(), 3U);
    // Whatever would be handed out twice comes before this one.
    co_await publish(1, "later");
    Batch later = co_await tested->next(100, 0ms);
    EXPECT_EQ(later.size(), 1U);
    EXPECT_EQ(later.front().data(), "later");
    batch.ack();
    later.ack();
    co_await until_ack_pending(0);
    EXPECT_EQ((co_await consumer()).ack_floor, 4U);
    EXPECT_EQ(tested->counters()->acked.value(), 4U);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, held_messages_never_exceed_the_credit) {
  run([this]() -> asio::awaitable<void> {
    PullOptions small = options();
    small.source.batch_size = 3000;  // a credit of 6000
    const auto tested = source(small);
    co_await tested->open();
    const auto link = co_await connect();
    std::size_t acked = 0;
    for (int i = 0; i < 8000; ++i) {
      link->request(subject, "event", {}, 20s, [&](const Link::Reply&) { ++acked; });
    }
    co_await until([&]() -> asio::awaitable<bool> { co_return acked == 8000; });
    co_await until_ack_pending(6000);
    co_await until(
        [&]() -> asio::awaitable<bool> { co_return tested->counters()->held.value() == 6000U; });
    Batch batch = co_await collect(*tested, 3000);
    EXPECT_EQ(tested->counters()->held.value(), 6000U);
    batch.ack();
    batch = co_await collect(*tested, 5000);
    EXPECT_LE(tested->counters()->held.value(), 6000U);
    batch.ack();
    co_await until_ack_pending(0);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, survives_a_server_that_is_killed_and_comes_back) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    const auto tested = source();
    co_await tested->open();
    std::set<std::uint64_t> seen;
    const auto work = [&]() -> asio::awaitable<void> {
      for (Batch batch = co_await tested->next(7, 0ms); !batch.empty();
           batch = co_await tested->next(7, 0ms)) {
        for (const Message& message : batch) seen.insert(message.sequence());
        batch.ack();
      }
    };
    asio::co_spawn(io_, work, asio::detached);
    for (std::uint64_t connection = 1; connection <= 3; ++connection) {
      co_await publish(20);
      kill(server_.pid(), SIGKILL);
      co_await until([&]() -> asio::awaitable<bool> {
        co_return tested->counters()->connections.value() > connection;
      });
    }
    co_await publish(20);
    co_await until([&]() -> asio::awaitable<bool> {
      const ConsumerInfo info = co_await consumer();
      co_return seen.size() == 80 && info.ack_pending == 0 && info.pending == 0;
    });
    EXPECT_EQ(tested->counters()->incarnations.value(), 0U);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, ack_of_a_deleted_stream_does_not_ack_its_successor) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    co_await publish(3, "old");
    Batch old = co_await collect(*tested, 3);
    EXPECT_TRUE((co_await api(std::string{"STREAM.DELETE."} + stream_name)).ok());
    co_await until([&]() -> asio::awaitable<bool> {
      co_return tested->counters()->incarnations.value() == 1;
    });
    co_await publish(3, "new");
    Batch fresh = co_await collect(*tested, 3);
    old.ack();
    co_await publish(1, "later");
    Batch later = co_await collect(*tested, 1);
    EXPECT_EQ((co_await consumer()).ack_pending, 4U);
    EXPECT_EQ(tested->counters()->abandoned.value(), 3U);
    for (const Message& message : fresh) EXPECT_EQ(message.data(), "new");
    fresh.ack();
    later.ack();
    co_await until_ack_pending(0);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, ack_that_waited_for_the_connection_is_not_sent_to_another_stream) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    co_await publish(3, "old");
    Batch old = co_await collect(*tested, 3);
    kill(server_.pid(), SIGKILL);
    // It comes back with nothing: a disk that was replaced.
    std::filesystem::remove_all(folder_.path() / "nats" / "jetstream");
    co_await until(
        [&]() -> asio::awaitable<bool> { co_return tested->counters()->connected.value() == 0; });
    old.ack();
    co_await until([&]() -> asio::awaitable<bool> {
      co_return tested->counters()->incarnations.value() == 1;
    });
    co_await publish(3, "new");
    Batch fresh = co_await collect(*tested, 3);
    co_await publish(1, "later");
    Batch later = co_await collect(*tested, 1);
    EXPECT_EQ((co_await consumer()).ack_pending, 4U);
    for (const Message& message : fresh) EXPECT_EQ(message.data(), "new");
    fresh.ack();
    later.ack();
    co_await until_ack_pending(0);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, drained_when_everything_that_was_there_at_the_start_is_settled) {
  run([this]() -> asio::awaitable<void> {
    {
      const auto first = source();
      co_await first->open();
      co_await publish(10);
      // Not of this consumer's subject, so the ack floor never reaches it.
      co_await publish_one("prefect.tasks.other", "not ours");
      co_await first->close();
    }
    PullOptions until = options();
    until.until_drained = true;
    const auto tested = source(until);
    co_await tested->open();
    Batch batch = co_await collect(*tested, 10);
    // One comes again, one is rejected.
    batch[3].nak(300ms);
    co_await tested->reject(std::move(batch[4]), odd());
    batch.ack();
    Batch again = co_await collect(*tested, 1);
    EXPECT_EQ(again.front().sequence(), 4U);
    again.ack();
    EXPECT_TRUE((co_await tested->next(100, 50ms)).empty());
    EXPECT_EQ((co_await consumer()).ack_pending, 0U);
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, empty_stream_is_drained) {
  run([this]() -> asio::awaitable<void> {
    PullOptions until = options();
    until.until_drained = true;
    const auto tested = source(until);
    co_await tested->open();
    EXPECT_TRUE((co_await tested->next(100, 50ms)).empty());
    co_await tested->close();
  }());
}

TEST_F(PullSourceTest, stopped_before_it_ever_connected_it_opens_and_is_empty) {
  run([this]() -> asio::awaitable<void> {
    NatsConfig nobody;
    nobody.urls = {"nats://127.0.0.1:1"};
    const auto tested = PullSource::start(io_.get_executor(), nobody, options(), log_);
    tested->stop();
    co_await tested->open();
    EXPECT_TRUE((co_await tested->next(1, 0ms)).empty());
    co_await tested->close();
  }());
}

}  // namespace
}  // namespace hangar::test
