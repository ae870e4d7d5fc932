#include "jetstream/stream_publisher.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

#include "service/service_bench.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

TEST(StreamPublisher, headers_count_as_bytes_that_have_no_answer) {
  asio::io_context io{1};
  NoLog log;
  NatsConfig nobody;
  nobody.urls = {"nats://127.0.0.1:1"};
  const auto tested =
      StreamPublisher::start(io.get_executor(), nobody, "author", {{"COPIES", "copies.>"}}, log);
  int enqueued = 0;
  const auto enqueue = [&]() -> asio::awaitable<void> {
    while (enqueued < 2) {
      OutgoingMessage message{"copies.a", "body"};
      message.header("X", std::string(StreamPublisher::most_bytes * 2 / 3, 'x'));
      co_await tested->enqueue(std::move(message));
      ++enqueued;
    }
  };
  asio::co_spawn(io, enqueue, asio::detached);
  for (int i = 0; i < 100; ++i) io.poll();
  EXPECT_EQ(enqueued, 1) << "two are more than is to wait";
  const auto close = [&]() -> asio::awaitable<void> { co_await tested->close(); };
  asio::co_spawn(io, close, asio::detached);
  io.run();
  EXPECT_EQ(enqueued, 2);
}

}  // namespace
}  // namespace hangar::test
