// What a service does with an exchange beside answering it and waiting for that.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hangar/event.hpp"
#include "http/http_listener.hpp"
#include "no_log.hpp"
#include "raw_client.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

/// A listener whose service is what a test wants, on a thread of its own.
class Served {
 public:
  using Service = std::function<asio::awaitable<void>(Listener&)>;

  explicit Served(Service service)
      : listener_{HttpListener::start(io_.get_executor(), "services.inlet.listen",
                                      ListensOn{"127.0.0.1:0"}, log_)},
        service_{std::move(service)} {
    asio::co_spawn(
        io_, [this]() -> asio::awaitable<void> { co_await service_(*listener_); },
        [this](const std::exception_ptr&) { ended_.set_value(); });
    thread_ = std::thread{[this] { io_.run(); }};
  }
  ~Served() {
    stop();
    asio::co_spawn(
        io_, [this]() -> asio::awaitable<void> { co_await listener_->close(); },
        [this](const std::exception_ptr&) { io_.stop(); });
    thread_.join();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  [[nodiscard]] std::string address() const { return listener_->address(); }
  void stop() {
    asio::post(io_, [this] { listener_->stop(); });
  }
  /// Whether the service ends within a time that is long enough.
  bool ends() { return ended_.get_future().wait_for(std::chrono::seconds{20}) == ready; }

 private:
  static constexpr auto ready = std::future_status::ready;

  asio::io_context io_{1};
  test::NoLog log_;
  std::shared_ptr<HttpListener> listener_;
  Service service_;
  std::promise<void> ended_;
  std::thread thread_;
};

constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

TEST(HttpExchange, answer_is_sent_whole_though_the_exchange_is_gone) {
  constexpr std::size_t size = 64U << 20U;  // More than what waits in sockets.
  const auto answer_and_forget = [](Listener& listener) -> asio::awaitable<void> {
    std::unique_ptr<Exchange> exchange = co_await listener.accept();
    const auto here = co_await asio::this_coro::executor;
    auto answer = exchange->respond(200, "text/plain", std::string(size, 'x'));
    asio::co_spawn(here, std::move(answer), asio::detached);
    // The answer has begun, and waits for the client to read.
    co_await asio::post(asio::use_awaitable);
    co_await asio::post(asio::use_awaitable);
    exchange.reset();
  };
  Served served{answer_and_forget};
  RawClient client{served};
  client.send(request);
  EXPECT_TRUE(served.ends());
  const std::string got = client.all();
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got.substr(0, 100);
  const auto header = got.find("\r\n\r\n");
  ASSERT_NE(header, got.npos);
  EXPECT_EQ(got.size() - header - 4, size);
  EXPECT_EQ(got.find("HTTP/1.1 500"), got.npos);
}

TEST(HttpExchange, calls_on_another_thread_are_refused) {
  std::vector<std::string> said;
  const auto misuse = [&said](Listener& listener) -> asio::awaitable<void> {
    const std::unique_ptr<Exchange> exchange = co_await listener.accept();
    const auto tell = [&said](asio::awaitable<void> call) -> asio::awaitable<void> {
      try {
        co_await std::move(call);
      } catch (const std::logic_error& error) {
        said.emplace_back(error.what());
      }
    };
    const auto accept = [&listener]() -> asio::awaitable<void> { co_await listener.accept(); };
    const auto upgrade = [&exchange]() -> asio::awaitable<void> {
      WebSocketOptions options;
      co_await exchange->upgrade(std::move(options));
    };
    std::thread{[&] {
      asio::io_context elsewhere;
      asio::co_spawn(elsewhere, tell(accept()), asio::detached);
      asio::co_spawn(elsewhere, tell(exchange->respond(200, {}, {})), asio::detached);
      asio::co_spawn(elsewhere, tell(upgrade()), asio::detached);
      elsewhere.run();
    }}.join();
    co_await exchange->respond(200, "text/plain", "done");
  };
  Served served{misuse};
  EXPECT_TRUE(RawClient{served}.send(request).all().ends_with("done"));
  EXPECT_TRUE(served.ends());
  const std::string end = " is called outside of its service's executor";
  EXPECT_EQ(said, (std::vector<std::string>{"Listener::accept" + end, "Exchange::respond" + end,
                                            "Exchange::upgrade" + end}));
}

TEST(HttpExchange, loop_that_keeps_the_answered_one_ends_at_a_stop) {
  const auto loop = [](Listener& listener) -> asio::awaitable<void> {
    std::unique_ptr<Exchange> exchange = co_await listener.accept();
    while (exchange) {
      co_await exchange->respond(200, "text/plain", "done");
      exchange = co_await listener.accept();
    }
  };
  Served served{loop};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(RawClient{served}.send(request).all().ends_with("done"));
  }
  served.stop();
  EXPECT_TRUE(served.ends());
}

}  // namespace
}  // namespace hangar
