#include "jetstream/steered_consumer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/array.hpp>
#include <chrono>
#include <utility>

#include "async/runs_on.hpp"
#include "hangar/error.hpp"
#include "jetstream/stream_info.hpp"
#include "jetstream/stream_setup.hpp"
#include "nats/subjects.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto looks_every = 5s;

std::vector<std::string> sorted(std::vector<std::string> subjects) {
  std::ranges::sort(subjects);
  return subjects;
}

}  // namespace

json::object with_filter(json::object config, const std::vector<std::string>& subjects) {
  config.erase("filter_subject");
  config.erase("filter_subjects");
  // Servers before 2.10 do not know the second, and would deliver everything.
  if (subjects.size() == 1) config["filter_subject"] = subjects.front();
  if (subjects.size() > 1)
    config["filter_subjects"] = json::array(subjects.begin(), subjects.end());
  return config;
}

std::string filter_fault(const std::vector<std::string>& before,
                         const std::vector<std::string>& subjects) {
  if (subjects.size() > 1) {
    return fmt::format(
        "{} filter subjects need nats-server 2.10 or newer: an older one has one alone, and would "
        "deliver everything",
        subjects.size());
  }
  const auto has_wildcard = [](const std::string& subject) { return !is_literal_subject(subject); };
  if (std::ranges::none_of(subjects, has_wildcard) || std::ranges::any_of(before, has_wildcard)) {
    return {};
  }
  return fmt::format(
      "`{}` in the place of a filter without a wildcard needs nats-server 2.10 or newer: an older "
      "one may take it literally, count every message as delivered and send none; no filter at all "
      "delivers everything",
      subjects.front());
}

std::shared_ptr<SteeredConsumer> SteeredConsumer::start(const asio::any_io_executor& executor,
                                                        const NatsConfig& nats,
                                                        const std::string& service, Steers which,
                                                        Log& log) {
  auto made = std::make_shared<SteeredConsumer>(executor, std::move(which));
  const std::weak_ptr<SteeredConsumer> weak = made;
  const auto wake = [weak] {
    if (const auto self = weak.lock()) self->changed_.wake_all();
  };
  made->link_ = Link::open(executor, {nats, connection_name(service, "consumer")}, log,
                           keep_state(made->state_, wake));
  asio::co_spawn(executor, made->watch(), asio::detached);
  return made;
}

asio::awaitable<void> SteeredConsumer::watch() {
  const auto self = shared_from_this();
  while (!closed_) {
    if (link_->connected()) {
      std::string obstacle;
      try {
        co_await ask();
      } catch (const std::exception& error) {
        obstacle = error.what();
      }
      state_->keeps_from(std::move(obstacle));
    }
    if (!closed_) co_await changed_.wait_until(Clock::now() + looks_every);
  }
}

std::string SteeredConsumer::title() const {
  return fmt::format("consumer {} of stream {}", which_.durable, which_.stream);
}

asio::awaitable<JetStreamAnswer> SteeredConsumer::ask() {
  const bool connected = co_await link_->wait_connected(Clock::now() + 5s);
  if (!connected) {
    throw TransientError{
        fmt::format("{}: there is no connection to NATS: {}", title(), link_->last_trouble()),
        TransientError::Retry::reconnect};
  }
  JetStreamAnswer answer = co_await call_jetstream(
      *link_, fmt::format("CONSUMER.INFO.{}.{}", which_.stream, which_.durable));
  if (answer.not_found()) {
    throw AbsentError{fmt::format("there is no {}: whoever reads it makes it", title())};
  }
  if (!answer.ok()) throw_jetstream_error(answer, title(), which_.stream);
  co_return answer;
}

asio::awaitable<JetStreamAnswer> SteeredConsumer::put(json::object config) {
  // A server that knows the action makes no consumer that was deleted meanwhile.
  json::object request{
      {"stream_name", which_.stream}, {"config", std::move(config)}, {"action", "update"}};
  JetStreamAnswer answer = co_await call_jetstream(
      *link_, fmt::format("CONSUMER.DURABLE.CREATE.{}.{}", which_.stream, which_.durable),
      std::move(request));
  if (!answer.ok()) {
    throw_jetstream_error(answer, fmt::format("the filter of {}", title()), which_.stream);
  }
  co_return answer;
}

asio::awaitable<ConsumerPosition> SteeredConsumer::info() {
  const auto self = shared_from_this();
  check_runs_on(executor_, "Consumer::info");
  const JetStreamAnswer answer = co_await ask();
  ConsumerInfo found = to_consumer_info(answer.body);
  ConsumerPosition position;
  position.ack_floor = found.ack_floor;
  position.pending = found.pending;
  position.ack_pending = found.ack_pending;
  position.filter_subjects = std::move(found.filter_subjects);
  co_return position;
}

asio::awaitable<void> SteeredConsumer::filter(std::vector<std::string> subjects) {
  const auto self = shared_from_this();
  check_runs_on(executor_, "Consumer::filter");
  for (const std::string& subject : subjects) {
    check_subject(subject, fmt::format("the filter of {}", title()));
    check_filter_subject(subject, fmt::format("the filter of {}", title()));
  }
  const JetStreamAnswer before = co_await ask();
  const std::vector<std::string> had = to_consumer_info(before.body).filter_subjects;
  if (sorted(had) == sorted(subjects)) co_return;
  const std::string fault = filter_fault(had, subjects);
  // A server before 2.10 does not tell its time.
  const auto refuse_if_old = [&](const JetStreamAnswer& answer) {
    if (!fault.empty() && !answer.body.contains("ts")) {
      throw ConfigError{fmt::format("{}: {}", title(), fault)};
    }
  };
  refuse_if_old(before);
  const json::object& config = object_member(before.body, "config");
  const JetStreamAnswer after = co_await put(with_filter(config, subjects));
  if (fault.empty() || after.body.contains("ts")) co_return;
  // A cluster may have servers of both kinds.
  co_await put(config);
  refuse_if_old(after);
}

asio::awaitable<void> SteeredConsumer::close() {
  const auto self = shared_from_this();
  closed_ = true;
  changed_.wake_all();
  link_->finish();
  co_await link_->ended(Clock::now() + 10s);
}

}  // namespace hangar
