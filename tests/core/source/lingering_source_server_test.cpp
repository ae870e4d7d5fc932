#include "nats_test.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

using LingeringSourceTest = NatsTest;

TEST_F(LingeringSourceTest,
       small_batches_are_linger_apart_and_a_message_that_comes_later_waits_for_none) {
  run([this]() -> asio::awaitable<void> {
    constexpr auto linger = 2s;
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const auto tested = source();
    co_await tested->open();
    co_await publish(1);
    Batch first = co_await tested->next(1, linger);  // full
    const auto taken = now();
    co_await publish(1);
    Batch second = co_await tested->next(10, linger);
    EXPECT_GT(now() - taken, linger / 2);
    EXPECT_EQ(second.size(), 1U);
    const auto taken_again = now();
    co_await until([&]() -> asio::awaitable<bool> { co_return now() - taken_again > linger; });
    const auto published = now();
    co_await publish(1);
    Batch lone = co_await tested->next(10, linger);
    EXPECT_LT(now() - published, linger);
    for (Batch* batch : {&first, &second, &lone}) batch->ack();
    co_await until_ack_pending(0);
    co_await tested->close();
  }());
}

}  // namespace
}  // namespace hangar::test
