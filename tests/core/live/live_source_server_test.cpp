#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "live/live_source.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

class LiveSourceTest : public NatsTest {
 protected:
  std::shared_ptr<LiveSource> live(std::optional<std::uint64_t> from = {}, bool ends = false) {
    LiveOptions options{.stream = stream_name, .filter_subject = "prefect.tasks.>"};
    options.from_sequence = from;
    return LiveSource::start(io_.get_executor(), config(), options, "author", ends, log_);
  }
  /// What a source hands out until there are so many, each as it was published.
  static asio::awaitable<std::vector<std::string>> seen(LiveSource& source, std::size_t count) {
    std::vector<std::string> texts;
    while (texts.size() < count) {
      const Batch batch = co_await source.next(count - texts.size(), 0ms);
      for (const Message& message : batch) texts.emplace_back(message.data());
    }
    co_return texts;
  }
  using Texts = std::vector<std::string>;
};

TEST_F(LiveSourceTest, every_host_sees_every_message_from_now_on) {
  run([this]() -> asio::awaitable<void> {
    const auto first = live();
    co_await first->open();
    co_await publish(2, "early");
    const auto second = live();
    co_await second->open();
    co_await publish(1, "late");
    const Texts texts1 = co_await seen(*first, 3);
    EXPECT_EQ(texts1, (Texts{"early", "early", "late"}));
    const Texts texts2 = co_await seen(*second, 1);
    EXPECT_EQ(texts2, Texts{"late"});
    co_await first->close();
    co_await second->close();
  }());
}

TEST_F(LiveSourceTest, sees_a_stream_from_a_position_on_and_ends_where_it_ended) {
  run([this]() -> asio::awaitable<void> {
    const auto made = live();
    co_await made->open();
    for (const char* body : {"one", "two", "three"}) co_await publish(1, body);
    co_await made->close();
    const auto tested = live(2, true);
    co_await tested->open();
    const Texts texts3 = co_await seen(*tested, 2);
    EXPECT_EQ(texts3, (Texts{"two", "three"}));
    const Batch end = co_await tested->next(10, 0ms);
    EXPECT_TRUE(end.empty());
    co_await tested->close();
  }());
}

TEST_F(LiveSourceTest, sees_each_message_once_and_in_order_while_the_server_is_killed) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = live();
    co_await tested->open();
    std::vector<std::uint64_t> seen;
    const auto look = [&]() -> asio::awaitable<void> {
      for (Batch batch = co_await tested->next(7, 0ms); !batch.empty();) {
        for (const Message& message : batch) seen.push_back(message.sequence());
        batch = co_await tested->next(7, 0ms);
      }
    };
    asio::co_spawn(io_, look, asio::detached);
    for (std::uint64_t connection = 1; connection <= 3; ++connection) {
      co_await publish(20);
      kill(server_.pid(), SIGKILL);
      co_await until([&]() -> asio::awaitable<bool> {
        co_return tested->counters()->connections.value() > connection;
      });
    }
    co_await publish(20);
    co_await until([&]() -> asio::awaitable<bool> { co_return seen.size() >= 80; });
    std::vector<std::uint64_t> all(80);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i + 1;
    EXPECT_EQ(seen, all);
    co_await tested->close();
  }());
}

TEST_F(LiveSourceTest, goes_on_with_a_stream_that_is_deleted_and_made_anew) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = live();
    co_await tested->open();
    co_await publish(3, "old");
    const Texts texts4 = co_await seen(*tested, 3);
    EXPECT_EQ(texts4, (Texts{"old", "old", "old"}));
    EXPECT_TRUE((co_await api(std::string{"STREAM.DELETE."} + stream_name)).ok());
    const auto other = source();
    co_await other->open();
    co_await publish(1, "new");
    const Texts texts5 = co_await seen(*tested, 1);
    EXPECT_EQ(texts5, Texts{"new"});
    co_await other->close();
    co_await tested->close();
  }());
}

TEST_F(LiveSourceTest, reads_no_further_ahead_than_its_credit) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = live();
    co_await tested->open();
    co_await publish(5'000);
    // It asks again when a quarter of its credit is free, so a pull that ends early leaves less.
    co_await until(
        [&]() -> asio::awaitable<bool> { co_return tested->counters()->held.value() > 3'000; });
    co_await publish(1);
    EXPECT_LE(tested->counters()->held.value(), 4'000U);
    const Texts all = co_await seen(*tested, 5'001);
    EXPECT_EQ(all.size(), 5'001U);
    co_await tested->close();
  }());
}

TEST_F(LiveSourceTest, has_no_dead_letters_and_stops_at_any_time) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = live();
    co_await tested->open();
    bool refused = false;
    try {
      co_await tested->reject({}, {"reason", "error"});
    } catch (const std::logic_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    tested->stop();
    tested->stop();
    const Batch batch = co_await tested->next(1, 0ms);
    EXPECT_TRUE(batch.empty());
    co_await tested->close();
    co_await tested->close();
  }());
}

}  // namespace
}  // namespace hangar::test
