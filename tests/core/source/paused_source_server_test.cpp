#include <boost/json/object.hpp>

#include "broker.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using PausedSourceTest = BrokerTest;

TEST_F(PausedSourceTest, what_is_held_too_long_while_paused_goes_to_another_replica) {
  run([this]() -> asio::awaitable<void> {
    NatsConfig impatient = config();
    impatient.hold_max = Duration{1'000};
    const auto paused = source(options(), impatient);
    co_await paused->open();
    co_await publish(20);
    Batch held = co_await collect(*paused, 10);
    paused->pause(true);
    const auto other = source();
    co_await other->open();
    Batch taken = co_await collect(*other, 20);
    EXPECT_EQ(paused->counters()->given_back.value(), 20U);
    EXPECT_EQ(paused->counters()->held.value(), 0U);
    taken.ack();
    co_await until_ack_pending(0);
    for (const Message& message : held) EXPECT_EQ(message.data(), "event");
    // Too late: it has an answer, and the message belongs to the other one.
    held.ack();
    EXPECT_EQ(paused->counters()->acked.value(), 0U);
    paused->pause(false);
    co_await publish(1);
    const auto both = [&] {
      return paused->counters()->received.value() + other->counters()->received.value();
    };
    co_await until([&]() -> asio::awaitable<bool> { co_return both() == 41U; });
    co_await paused->close();
    co_await other->close();
  }());
}

TEST_F(PausedSourceTest, what_the_stream_drops_before_its_delivery_is_counted) {
  run([this]() -> asio::awaitable<void> {
    PullOptions everything = options();
    everything.source.filter_subject = "prefect.tasks.>";
    const auto tested = source(everything);
    co_await tested->open();
    co_await publish(10);
    Batch batch = co_await collect(*tested, 10);
    batch.ack();
    co_await until_ack_pending(0);
    tested->pause(true);
    // The pull that lives takes what comes until it ends.
    co_await until(
        [&]() -> asio::awaitable<bool> { co_return (co_await consumer()).waiting == 0; });
    co_await publish(10);
    co_await until(
        [&]() -> asio::awaitable<bool> { co_return tested->counters()->pending.value() == 10U; });
    boost::json::object all_but_four{{"keep", 4}};
    EXPECT_TRUE((co_await api("STREAM.PURGE.PREFECT_TASKS", all_but_four)).ok());
    co_await until([&]() -> asio::awaitable<bool> {
      co_return tested->counters()->upstream_lost.value() == 6U;
    });
    EXPECT_TRUE(log_.contains("dropped at least 6 messages")) << log_.text();
    tested->pause(false);
    Batch rest = co_await collect(*tested, 4);
    rest.ack();
    co_await until_ack_pending(0);
    co_await tested->close();
  }());
}

}  // namespace
}  // namespace hangar::test
