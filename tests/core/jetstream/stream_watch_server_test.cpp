#include <signal.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <vector>

#include "jetstream/stream_watch.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

class StreamWatchTest : public NatsTest {
 protected:
  std::shared_ptr<StreamWatch> watch() {
    return StreamWatch::start(io_.get_executor(), config(), "author", {"ABSENT", stream_name},
                              log_);
  }
  static bool tells(const StreamWatch& watch, const std::string& consumer, std::uint64_t pending) {
    const auto lags = watch.lags()->value();
    return std::ranges::any_of(lags, [&](const ConsumerLag& lag) {
      return lag.stream == stream_name && lag.consumer == consumer && lag.pending == pending;
    });
  }
};

TEST_F(StreamWatchTest, every_durable_is_told_and_what_is_not_durable_in_one) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    boost::json::object other{
        {"stream_name", stream_name},
        {"config", boost::json::object{{"ack_policy", "none"}, {"deliver_policy", "all"}}}};
    const auto made = co_await api(std::string{"CONSUMER.CREATE."} + stream_name, other);
    EXPECT_TRUE(made.ok()) << made.description;
    co_await publish(3);
    const auto tested = watch();
    co_await until([&]() -> asio::awaitable<bool> {
      co_return tells(*tested, durable, 3) && tells(*tested, ConsumerLag::others, 3);
    });
    EXPECT_EQ(tested->lags()->value().size(), 2U);
    EXPECT_FALSE(log_.contains("/metrics")) << "an absent stream is no fault";
    co_await tested->close();
  }());
}

TEST_F(StreamWatchTest, nothing_is_told_while_nobody_answers) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    const auto tested = watch();
    co_await until([&]() -> asio::awaitable<bool> { co_return tells(*tested, durable, 0); });
    kill(server_.pid(), SIGKILL);
    co_await until([&]() -> asio::awaitable<bool> { co_return tested->lags()->value().empty(); });
    co_await tested->close();
  }());
}

}  // namespace
}  // namespace hangar::test
