// What a service sees again of a stream, over a real server.
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "nats_test.hpp"
#include "service/service_bench.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

using Positions = std::vector<std::uint64_t>;

class RereadTest : public NatsTest {
 protected:
  RereadTest() {
    bench_.nats = config();
    bench_.needs.live.push_back({.stream = stream_name, .filter_subject = "prefect.tasks.>"});
  }
  /// Comes back to the executor of the service.
  asio::awaitable<void> publish_beside(Context& context, std::size_t count) {
    co_await publish(count);
    co_await asio::post(context.executor(), asio::use_awaitable);
  }
  void run_service(std::function<asio::awaitable<void>(Context&)> body) {
    bench_.body = std::move(body);
    run(bench_.service->start());
    EXPECT_EQ(bench_.service->failure(), "");
  }
  ServiceBench bench_{[](Context&) { return nothing(); }, {}, io_.get_executor()};
};

TEST_F(RereadTest, sees_what_the_stream_holds_by_now_and_is_told_that_this_was_all) {
  run_service([&](Context& context) -> asio::awaitable<void> {
    co_await publish_beside(context, 5);
    Positions seen;
    const auto note = [&](const Message& message) -> asio::awaitable<bool> {
      if (seen.empty()) co_await publish_beside(context, 1);  // Behind the end.
      seen.push_back(message.sequence());
      co_return true;
    };
    const bool whole = co_await context.reread("live", 3, note);
    EXPECT_TRUE(whole);
    EXPECT_EQ(seen, (Positions{3, 4, 5}));
    seen = {0};
    const bool none = co_await context.reread("live", 7, note);
    EXPECT_TRUE(none);
    EXPECT_EQ(seen, Positions{0});
    // The live source has missed nothing of it.
    Source& live = context.source("live");
    for (std::uint64_t expected = 1; expected <= 6; ++expected) {
      const Batch batch = co_await live.next(1, 0ms);
      EXPECT_EQ(batch.at(0).sequence(), expected);
    }
  });
}

TEST_F(RereadTest, ends_when_its_visitor_or_the_host_wants_that_and_tells) {
  run_service([&](Context& context) -> asio::awaitable<void> {
    co_await publish_beside(context, 5);
    Positions seen;
    const auto two = [&](const Message& message) -> asio::awaitable<bool> {
      seen.push_back(message.sequence());
      co_return seen.size() < 2;
    };
    const bool whole = co_await context.reread("live", 1, two);
    EXPECT_FALSE(whole);
    EXPECT_EQ(seen, (Positions{1, 2}));
    asio::co_spawn(io_, bench_.service->stop(), [](const std::exception_ptr&) {});
    const auto until_stopped = [&](const Message&) -> asio::awaitable<bool> {
      co_await context.stopped();
      co_return true;
    };
    const bool stopped = co_await context.reread("live", 1, until_stopped);
    EXPECT_FALSE(stopped);
  });
}

TEST_F(RereadTest, what_its_visitor_throws_comes_out_and_leaves_nothing_open) {
  run_service([&](Context& context) -> asio::awaitable<void> {
    co_await publish_beside(context, 1);
    const auto fail = [](const Message&) -> asio::awaitable<bool> {
      throw std::runtime_error{"enough"};
      co_return true;
    };
    auto before = testing::open_things();
    for (int round = 0; round < 3; ++round) {
      std::string said;
      try {
        co_await context.reread("live", 1, fail);
      } catch (const std::runtime_error& error) {
        said = error.what();
      }
      EXPECT_EQ(said, "enough");
      if (round == 0) before = testing::open_things();
    }
    EXPECT_TRUE(no_more_open_than(before));
  });
}

}  // namespace
}  // namespace hangar::test
