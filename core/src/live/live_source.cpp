#include "live/live_source.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>
#include <stdexcept>
#include <utility>

#include "async/runs_on.hpp"
#include "hangar/error.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/stream_setup.hpp"
#include "jetstream/until_done.hpp"
#include "nats/subjects.hpp"
#include "source/pull_status.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_messages = 4000;
constexpr std::chrono::nanoseconds forgotten_after = 5min;
constexpr auto close_within = 8s;

}  // namespace

/// Counts against the credit as long as it lives.
class LiveSource::Delivery final : public Message::Delivery {
 public:
  Delivery(std::weak_ptr<LiveSource> source, WireMessage message, const AckSubject& ack)
      : source_{std::move(source)},
        message_{std::move(message)},
        sequence_{ack.stream_sequence},
        stored_{ack.stored},
        bytes_{body_of(*message_).size() + subject_of(*message_).size()} {}
  ~Delivery() override {
    release();
    free();
  }

  void ack() noexcept override { release(); }
  void nak(std::chrono::milliseconds) noexcept override { release(); }
  /// It counts as before until it is answered, so that what waits for that is bounded.
  void drop_data(std::size_t) noexcept override { free(); }
  [[nodiscard]] std::optional<std::string_view> header(const char* name) const override {
    return message_ ? header_of(*message_, name) : std::nullopt;
  }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] Message::Content content() const noexcept {
    return {body_of(*message_), subject_of(*message_), sequence_, 1, stored_};
  }

 private:
  void release() noexcept {
    const auto source = source_.lock();
    if (source && !std::exchange(released_, true)) source->released(bytes_);
  }
  void free() noexcept {
    const auto source = source_.lock();
    if (source && message_) source->link_->free(std::move(message_));
    message_.reset();
  }

  std::weak_ptr<LiveSource> source_;
  WireMessage message_;
  std::uint64_t sequence_;
  std::chrono::sys_time<std::chrono::nanoseconds> stored_;
  std::uint64_t bytes_;
  bool released_ = false;
};

std::shared_ptr<LiveSource> LiveSource::start(const asio::any_io_executor& executor,
                                              const NatsConfig& nats, LiveOptions options,
                                              const std::string& service, bool until_drained,
                                              Log& log) {
  struct Started : LiveSource {
    Started(asio::any_io_executor on, const NatsConfig& with, LiveOptions what, bool ends, Log& to)
        : LiveSource{std::move(on), with, std::move(what), ends, to} {}
  };
  const auto made =
      std::make_shared<Started>(executor, nats, std::move(options), until_drained, log);
  const std::weak_ptr<LiveSource> weak = made;
  const auto with = [weak](auto action) {
    return [weak, action](auto&&... arguments) {
      if (const auto self = weak.lock()) action(*self, arguments...);
    };
  };
  Link::Handlers handlers;
  handlers.up = with([](LiveSource& self) {
    self.counters_->connections.add();
    self.counters_->connected.set(1);
    self.changes_.wake_all();
    self.bind();
  });
  handlers.down = with([](LiveSource& self, const std::vector<Outgoing>&) {
    self.counters_->connected.set(0);
    self.unbind();
    self.changes_.wake_all();
  });
  handlers.pulled =
      with([](LiveSource& self, std::vector<WireMessage>& messages) { self.pulled(messages); });
  handlers.trouble =
      with([](LiveSource& self, const std::string& what) { self.counters_->obstacle.set(what); });
  handlers.judged = with([](LiveSource& self, JetStreamHealth::Trouble trouble) {
    self.counters_->trouble.set(static_cast<std::uint64_t>(trouble));
  });
  made->link_ =
      Link::open(executor, {nats, connection_name(service, "live")}, log, std::move(handlers));
  return made;
}

LiveSource::LiveSource(asio::any_io_executor executor, const NatsConfig& nats, LiveOptions options,
                       bool until_drained, Log& log)
    : executor_{std::move(executor)},
      options_{std::move(options)},
      stream_{options_.stream, stream_subject(options_.stream, options_.filter_subject)},
      until_drained_{until_drained},
      log_{log},
      credit_{{.messages = most_messages, .bytes = nats.credit_bytes.value}},
      puller_{credit_},
      position_{options_.from_sequence},
      changes_{executor_},
      arrivals_{executor_},
      pump_timer_{executor_} {
  stream_.replicas = nats.replicas;
  stream_.max_age = nats.max_age;
}

void LiveSource::unbind() {
  puller_.shut();
  consumer_.clear();
}

void LiveSource::bind() {
  if (stopping() || std::exchange(binding_, true)) return;
  unbind();
  asio::co_spawn(
      executor_,
      [self = shared_from_this()]() -> asio::awaitable<void> {
        co_await self->bind_until_done();
        self->binding_ = false;
        self->changes_.wake_all();
        self->pump();
      },
      asio::detached);
}

asio::awaitable<void> LiveSource::bind_until_done() {
  std::string last;
  const auto over = [&] { return stopping() || !consumer_.empty() || failure_ != nullptr; };
  const auto attempt = [&]() -> asio::awaitable<void> {
    try {
      co_await make_consumer();
    } catch (const ConfigError& error) {
      if (phase_ == Phase::opening) failure_ = std::current_exception();
      throw TransientError{error.what(), TransientError::Retry::when_answerable};
    }
  };
  const auto told = [&](const std::string& problem) {
    counters_->obstacle.set(problem);
    if (!problem.empty() && problem != last) log_.warning("{}; trying again", problem);
    last = problem;
  };
  co_await until_done(*link_, changes_, over, attempt, told);
}

asio::awaitable<void> LiveSource::make_consumer() {
  const auto connection = link_->connections();
  const auto when_absent = phase_ == Phase::opening ? WhenAbsent::create : WhenAbsent::fail;
  const StreamInfo stream = co_await ensure_stream(*link_, stream_, when_absent);
  if (const auto dropped = position_.aim(stream); dropped > 0) {
    counters_->upstream_lost.add(dropped);
    log_.warning("stream {}: {} messages were dropped before they were seen", stream.name, dropped);
  }
  json::object config{{"ack_policy", "none"},
                      {"deliver_policy", "by_start_sequence"},
                      {"opt_start_seq", position_.next()},
                      {"inactive_threshold", forgotten_after.count()},
                      {"mem_storage", true},
                      {"num_replicas", 1}};
  if (!options_.filter_subject.empty()) config["filter_subject"] = options_.filter_subject;
  json::object request{{"stream_name", stream.name}, {"config", std::move(config)}};
  const JetStreamAnswer answer =
      co_await call_jetstream(*link_, "CONSUMER.CREATE." + stream.name, std::move(request));
  if (!answer.ok()) {
    throw_jetstream_error(answer, fmt::format("a consumer of stream {}", stream.name), stream.name);
  }
  if (connection != link_->connections() || stopping()) co_return;
  consumer_ = text_member(answer.body, "name");
  position_.pending(static_cast<std::uint64_t>(integer_member(answer.body, "num_pending")));
  puller_.open(Clock::now());
  if (phase_ == Phase::opening) phase_ = Phase::pulling;
  look_whether_drained();
}

void LiveSource::look_whether_drained() {
  if (!until_drained_ || phase_ != Phase::pulling || !position_.drained()) return;
  phase_ = Phase::drained;
  counters_->drained.set(1);
  puller_.shut();
  arrivals_.wake_all();
}

void LiveSource::pulled(std::vector<WireMessage>& messages) {
  const auto now = Clock::now();
  for (WireMessage& message : messages) {
    const std::string_view reply = reply_of(*message);
    if (reply.empty()) {
      status_came(*message, now);
    } else {
      message_came(std::move(message), reply, now);
    }
  }
  if (!ready_.empty()) arrivals_.wake_all();
  pump();
}

void LiveSource::message_came(WireMessage message, std::string_view reply, Clock::time_point now) {
  const auto ack = parse_ack_subject(reply);
  // What an earlier consumer still had on its way comes again by the present one.
  if (!ack || ack->consumer != consumer_ || over()) return;
  puller_.delivered(now);
  link_->judge(JetStreamHealth::Trouble::none, now);
  if (position_.arrived(ack->stream_sequence, ack->pending)) {
    auto delivery = std::make_unique<Delivery>(weak_from_this(), std::move(message), *ack);
    credit_.arrived(delivery->bytes());
    counters_->received.add();
    counters_->held.set(credit_.held().messages);
    counters_->held_bytes.set(credit_.held().bytes);
    ready_.push_back(std::move(delivery));
  }
  look_whether_drained();
}

void LiveSource::status_came(natsMsg& message, Clock::time_point now) {
  const auto token = link_->pull_token(subject_of(message));
  const std::string code{header_of(message, "Status").value_or("")};
  const std::string text{header_of(message, "Description").value_or("")};
  const PullStatus status = classify_pull_status(code, text);
  if (!token || !puller_.said(*token, status, now)) counters_->stale_statuses.add();
}

void LiveSource::pump() {
  if (over() || consumer_.empty()) return;
  const auto now = Clock::now();
  const Puller::Step step = puller_.step(now);
  if (step.pull) {
    std::vector<Outgoing> items;
    items.emplace_back(
        make_message(link_->api(fmt::format("CONSUMER.MSG.NEXT.{}.{}", options_.stream, consumer_)),
                     link_->pull_inbox(step.pull->token), step.pull->request()));
    // When it is not sent, the link is down and will say so.
    if (link_->send(items)) counters_->pulls.add();
  }
  if (step.verify) return bind();
  if (step.wake == Puller::Time::max()) return;
  pump_timer_.expires_at(step.wake);
  pump_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->pump();
  });
}

void LiveSource::released(std::uint64_t bytes) {
  credit_.released(bytes);
  counters_->acked.add();
  counters_->held.set(credit_.held().messages);
  counters_->held_bytes.set(credit_.held().bytes);
  if (std::exchange(pump_posted_, true)) return;
  asio::post(executor_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->pump_posted_ = false;
    self->pump();
  });
}

asio::awaitable<void> LiveSource::open() {
  const auto self = shared_from_this();
  while (phase_ == Phase::opening && !failure_) co_await changes_.wait();
  if (failure_) std::rethrow_exception(failure_);
}

asio::awaitable<Batch> LiveSource::next(std::size_t limit, std::chrono::milliseconds linger) {
  const auto self = shared_from_this();
  check_runs_on(executor_, "Source::next");
  check_limit(limit);
  Batch batch;
  while (batch.empty()) {
    while (!over() && ready_.empty()) co_await arrivals_.wait();
    while (!over() && ready_.size() < limit && !puller_.exhausted() &&
           Clock::now() < later(taken_, linger)) {
      co_await arrivals_.wait_until(later(taken_, linger));
    }
    taken_ = Clock::now();
    while (!ready_.empty() && batch.size() < limit) {
      const Message::Content content = ready_.front()->content();
      batch.emplace_back(content, std::move(ready_.front()));
      ready_.pop_front();
    }
    if (over()) break;
  }
  co_return batch;
}

asio::awaitable<void> LiveSource::reject(Message, Rejection) {
  throw std::logic_error{
      fmt::format("the source '{}' is live: it has no dead letters, since another reads its stream",
                  options_.name)};
  co_return;
}

void LiveSource::stop() {
  if (stopping()) return;
  phase_ = Phase::stopping;
  pump_timer_.cancel();
  ready_.clear();
  changes_.wake_all();
  arrivals_.wake_all();
}

void LiveSource::pause(bool paused) {
  puller_.pause(paused);
  pump();
}

asio::awaitable<void> LiveSource::close() {
  const auto self = shared_from_this();
  const auto deadline = Clock::now() + close_within;
  stop();
  if (link_->connected() && !consumer_.empty()) {
    try {
      co_await delete_consumer(*link_, options_.stream, std::exchange(consumer_, {}));
    } catch (const Error& error) {
      log_.debug("{}", error.what());
    }
  }
  link_->finish();
  co_await link_->ended(deadline);
}

}  // namespace hangar
