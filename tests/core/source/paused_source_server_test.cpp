#include "nats_test.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using PausedSourceTest = NatsTest;

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
    EXPECT_EQ(paused->counters()->nacked.value(), 20U);
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

}  // namespace
}  // namespace hangar::test
