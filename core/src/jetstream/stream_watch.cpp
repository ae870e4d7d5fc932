#include "jetstream/stream_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>

#include "jetstream/jetstream.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto watches_every = 15s;
// Of 256 consumers each.
constexpr int most_pages = 20;

}  // namespace

std::shared_ptr<StreamWatch> StreamWatch::start(const asio::any_io_executor& executor,
                                                const NatsConfig& nats, const std::string& service,
                                                std::vector<std::string> streams, Log& log) {
  auto made = std::make_shared<StreamWatch>(executor, std::move(streams), log);
  const std::weak_ptr<StreamWatch> weak = made;
  const auto wake = [weak] {
    if (const auto self = weak.lock()) self->changed_.wake_all();
  };
  Link::Handlers handlers;
  handlers.up = wake;
  handlers.down = [wake](const auto&) { wake(); };
  made->link_ =
      Link::open(executor, {nats, connection_name(service, "watch")}, log, std::move(handlers));
  asio::co_spawn(executor, made->watch(), asio::detached);
  return made;
}

asio::awaitable<void> StreamWatch::watch() {
  const auto self = shared_from_this();
  while (!closed_) {
    std::string trouble;
    try {
      if (link_->connected()) {
        co_await look();
      } else {
        lags_->set({});
      }
    } catch (const std::exception& error) {
      lags_->set({});
      trouble = error.what();
    }
    if (!trouble.empty() && trouble != trouble_) {
      log_.warning("/metrics does not tell how far behind the consumers are: {}", trouble);
    }
    trouble_ = std::move(trouble);
    if (!closed_) co_await changed_.wait_until(Clock::now() + watches_every);
  }
}

asio::awaitable<void> StreamWatch::look() {
  std::vector<ConsumerLag> seen;
  for (const std::string& stream : streams_) {
    std::vector<ConsumerInfo> consumers = co_await consumers_of(stream);
    std::vector<ConsumerLag> lags = lags_of(stream, std::move(consumers));
    std::move(lags.begin(), lags.end(), std::back_inserter(seen));
  }
  lags_->set(std::move(seen));
}

asio::awaitable<std::vector<ConsumerInfo>> StreamWatch::consumers_of(std::string stream) {
  std::vector<ConsumerInfo> consumers;
  for (int page = 0; page < most_pages; ++page) {
    json::object request{{"offset", consumers.size()}};
    const JetStreamAnswer answer =
        co_await call_jetstream(*link_, "CONSUMER.LIST." + stream, std::move(request));
    if (answer.not_found()) break;
    if (!answer.ok()) {
      throw_jetstream_error(answer, fmt::format("the consumers of stream {}", stream), stream);
    }
    const json::value* listed = answer.body.if_contains("consumers");
    if (listed == nullptr || !listed->is_array() || listed->as_array().empty()) break;
    for (const json::value& one : listed->as_array()) {
      if (one.is_object()) consumers.push_back(to_consumer_info(one.as_object()));
    }
    if (consumers.size() >= static_cast<std::size_t>(integer_member(answer.body, "total"))) break;
  }
  co_return consumers;
}

asio::awaitable<void> StreamWatch::close() {
  const auto self = shared_from_this();
  closed_ = true;
  changed_.wake_all();
  link_->finish();
  co_await link_->ended(Clock::now() + 10s);
}

}  // namespace hangar
