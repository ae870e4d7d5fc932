#include "jetstream/stream_publisher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

#include "api/describe.hpp"
#include "async/backoff.hpp"
#include "async/runs_on.hpp"
#include "hangar/error.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/jetstream_refusal.hpp"
#include "jetstream/stream_info.hpp"
#include "jetstream/stream_setup.hpp"
#include "jetstream/until_done.hpp"
#include "nats/subjects.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Throws std::logic_error for what would become another header, or none.
void check_headers(const OutgoingMessage& message) {
  const auto& headers = message.headers();
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (is_header(headers[i].first, headers[i].second)) continue;
    throw std::logic_error{
        fmt::format("NATS cannot carry header {} of a message to `{}`: a name has neither blanks "
                    "nor colons, and a value is one line",
                    i + 1, message.subject())};
  }
}

std::size_t payload_size(const OutgoingMessage& message) {
  return message.body().size() + wire_size(message.headers());
}

/// What it counts as while it has no answer.
std::size_t size_of(const OutgoingMessage& message) {
  return payload_size(message) + message.subject().size();
}

}  // namespace

/// What came of one attempt: an answer, or why there is none.
struct StreamPublisher::Attempt {
  std::optional<PubAck> stored{};
  std::string problem{};
  bool for_good = false;  ///< The next attempt would fail like this one.
};

/// A message that was enqueued, and has no answer yet.
struct StreamPublisher::Enqueued {
  Enqueued(OutgoingMessage the_message, std::size_t its_bytes, Publisher::Answered told)
      : message{std::move(the_message)}, bytes{its_bytes}, answered{std::move(told)} {}

  OutgoingMessage message;
  std::size_t bytes;
  Answered answered;
  Attempt last{};  ///< When it is to be sent again.
};

StreamPublisher::Attempt StreamPublisher::attempt_of(const Link::Reply& reply,
                                                     const std::string& subject) const {
  using Fate = Link::Reply::Fate;
  switch (reply.fate) {
    case Fate::timed_out:
      return {.problem = fmt::format("no answer within 5 s {}", link_->last_trouble())};
    case Fate::denied:
      return {.problem = reply.why};
    case Fate::no_responders:
      return {.problem = fmt::format("no stream listens on `{}`", subject)};
    case Fate::disconnected:
      return {.problem = "the connection was lost"};
    case Fate::answered:
      break;
  }
  if (auto stored = plain_pub_ack(body_of(*reply.message))) return {.stored = std::move(stored)};
  const JetStreamAnswer answer = parse_jetstream_answer(body_of(*reply.message));
  if (auto stored = pub_ack(answer)) return {.stored = std::move(stored)};
  return {.problem = refusal_text(answer, text_member(answer.body, "stream")),
          .for_good = !answer.ok() && refused_for_good(answer)};
}

std::shared_ptr<StreamPublisher> StreamPublisher::start(const asio::any_io_executor& executor,
                                                        const NatsConfig& nats,
                                                        const std::string& service,
                                                        std::vector<Publishes> targets, Log& log) {
  struct Started : StreamPublisher {
    Started(asio::any_io_executor on, const NatsConfig& with, std::vector<Publishes> where, Log& to)
        : StreamPublisher{std::move(on), with, std::move(where), to} {}
  };
  const auto made = std::make_shared<Started>(executor, nats, std::move(targets), log);
  const std::weak_ptr<StreamPublisher> weak = made;
  const auto wake = [weak] {
    if (const auto self = weak.lock()) self->connection_.wake_all();
  };
  made->link_ = Link::open(executor, {nats, connection_name(service, "publisher")}, log,
                           keep_state(made->state_, wake));
  return made;
}

StreamPublisher::StreamPublisher(asio::any_io_executor executor, const NatsConfig& nats,
                                 std::vector<Publishes> targets, Log& log)
    : executor_{std::move(executor)},
      nats_{nats},
      targets_{std::move(targets)},
      log_{log},
      connection_{executor_},
      room_{executor_} {}

asio::awaitable<void> StreamPublisher::open() {
  const auto self = shared_from_this();
  for (const Publishes& wanted : targets_) co_await ensure(wanted);
}

asio::awaitable<void> StreamPublisher::ensure(const Publishes& wanted) {
  bool done = false;
  const auto over = [&] { return stopping_ || done; };
  const auto attempt = [&]() -> asio::awaitable<void> {
    StreamConfig config{wanted.stream, wanted.subject};
    config.replicas = nats_.replicas;
    config.max_age = nats_.max_age;
    config.drops_oldest = wanted.max_bytes > 0;
    if (config.drops_oldest) config.max_bytes = static_cast<std::int64_t>(wanted.max_bytes);
    co_await ensure_stream(*link_, std::move(config), WhenAbsent::create);
    done = true;
  };
  const auto told = [&](const std::string& problem) {
    state_->keeps_from(problem);
    if (problem.empty()) return;
    if (const auto left_out = seldom_.told(wanted.stream, Clock::now())) {
      log_.warning("{}; trying again{}", problem, since_said(*left_out, "failures"));
    }
  };
  co_await until_done(*link_, connection_, over, attempt, told);
}

void StreamPublisher::stop() {
  stopping_ = true;
  connection_.wake_all();
}

asio::awaitable<void> StreamPublisher::close() {
  const auto self = shared_from_this();
  stop();
  link_->send_requests();
  link_->finish();
  co_await link_->ended(Clock::now() + 10s);
  if (enqueued_ > 0 || failure_) {
    log_.error("messages that were enqueued and not flushed may not be stored{}{}",
               failure_ ? ": " : "", failure_ ? describe(failure_) : "");
  }
}

void StreamPublisher::check_target(const std::string& subject) const {
  check_runs_on(executor_, "a Publisher");
  if (!is_literal_subject(subject)) {
    throw std::logic_error{fmt::format("nothing can be published on the subject `{}`", subject)};
  }
  const auto takes = [&](const Publishes& target) {
    return subject_covers(target.subject, subject);
  };
  if (std::ranges::any_of(targets_, takes)) return;
  throw std::logic_error{
      fmt::format("no stream of the service's needs takes the subject `{}`", subject)};
}

asio::awaitable<void> StreamPublisher::make_room(std::size_t bytes) {
  while (messages_ > 0 && (messages_ >= most_messages || bytes_ + bytes > most_bytes)) {
    co_await room_.wait();
  }
  ++messages_;
  bytes_ += bytes;
}

void StreamPublisher::give_back(std::size_t bytes) {
  --messages_;
  bytes_ -= bytes;
  // Not at the first room: all who wait look for theirs, and most would find none.
  const bool ample = messages_ <= most_messages / 4 * 3 && bytes_ <= most_bytes / 4 * 3;
  if (ample) room_.wake_all();
}

/// Gives back what a message took, also when its coroutine is destroyed.
class StreamPublisher::Room {
 public:
  Room(StreamPublisher& publisher, std::size_t bytes) : publisher_{publisher}, bytes_{bytes} {}
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() { publisher_.give_back(bytes_); }

 private:
  StreamPublisher& publisher_;
  std::size_t bytes_;
};

/// A message that no stream takes now.
class StreamPublisher::Failing {
 public:
  explicit Failing(StreamPublisher& publisher) : publisher_{publisher} {}
  Failing(const Failing&) = delete;
  Failing& operator=(const Failing&) = delete;
  ~Failing() {
    if (fails_ && --publisher_.failing_ == 0) publisher_.state_->keeps_from({});
  }
  void fails() {
    if (!std::exchange(fails_, true)) ++publisher_.failing_;
  }

 private:
  StreamPublisher& publisher_;
  bool fails_ = false;
};

asio::awaitable<PubAck> StreamPublisher::publish(OutgoingMessage message) {
  const auto self = shared_from_this();
  check_target(message.subject());
  const std::size_t bytes = size_of(message);
  co_await make_room(bytes);
  const Room room{*this, bytes};
  const Attempt first = co_await attempt(message);
  co_return co_await stored(message, first);
}

asio::awaitable<StreamPublisher::Attempt> StreamPublisher::attempt(const OutgoingMessage& message) {
  check_message(message);
  const Link::Reply reply =
      co_await link_->request(message.subject(), message.body(), message.headers());
  co_return attempt_of(reply, message.subject());
}

void StreamPublisher::check_message(const OutgoingMessage& message) const {
  check_headers(message);
  const std::size_t size = payload_size(message);
  if (link_->max_payload() == 0 || size <= link_->max_payload()) return;
  throw DataError{"too_large",
                  fmt::format("{} bytes, and the server takes {}: raise its max_payload", size,
                              link_->max_payload())};
}

asio::awaitable<PubAck> StreamPublisher::stored(const OutgoingMessage& message,
                                                const Attempt& first) {
  Failing failing{*this};
  Backoff wait;
  Attempt last = first;
  while (!last.stored) {
    if (last.for_good) throw DataError{"refused", last.problem};
    if (stopping_) {
      throw TransientError{fmt::format("a message to `{}` is not known to be stored: {}",
                                       message.subject(), last.problem),
                           TransientError::Retry::reconnect};
    }
    const std::string problem =
        fmt::format("cannot publish to `{}`: {}", message.subject(), last.problem);
    failing.fails();
    state_->keeps_from(problem);
    if (const auto left_out = seldom_.told("publish", Clock::now())) {
      log_.warning("{}; trying again{}", problem, since_said(*left_out, "failures"));
    }
    co_await connection_.wait_until(Clock::now() + wait.next());
    last = co_await attempt(message);
  }
  co_return *std::move(last.stored);
}

asio::awaitable<void> StreamPublisher::enqueue(OutgoingMessage message) {
  const auto self = shared_from_this();
  check_target(message.subject());
  ++enqueued_;
  const auto answered = [this](const std::exception_ptr& failed, const OutgoingMessage&) {
    if (failed && !failure_) failure_ = failed;
    --enqueued_;
    room_.wake_all();
  };
  co_await enqueue(std::move(message), answered);
}

// A coroutine only for one that is to be sent again: it costs more than the rest.
asio::awaitable<void> StreamPublisher::enqueue(OutgoingMessage message, Answered answered) {
  const auto self = shared_from_this();
  check_target(message.subject());
  const std::size_t bytes = size_of(message);
  co_await make_room(bytes);
  const auto sent = std::make_shared<Enqueued>(std::move(message), bytes, std::move(answered));
  try {
    check_message(sent->message);
  } catch (const std::exception&) {
    asio::post(executor_, [self, sent, failed = std::current_exception()] {
      self->give_back(sent->bytes);
      sent->answered(failed, sent->message);
    });
    co_return;
  }
  link_->request(sent->message.subject(), sent->message.body(), sent->message.headers(),
                 Link::default_patience,
                 [self, sent](const Link::Reply& reply) { self->answered(sent, reply); });
}

void StreamPublisher::answered(const std::shared_ptr<Enqueued>& sent, const Link::Reply& reply) {
  sent->last = attempt_of(reply, sent->message.subject());
  if (sent->last.stored) {
    give_back(sent->bytes);
    return sent->answered(nullptr, sent->message);
  }
  asio::co_spawn(
      executor_,
      [self = shared_from_this(), sent]() -> asio::awaitable<void> {
        co_await self->send_again(sent);
      },
      asio::detached);
}

asio::awaitable<void> StreamPublisher::send_again(std::shared_ptr<Enqueued> sent) {
  std::exception_ptr failed;
  try {
    const Room room{*this, sent->bytes};
    co_await stored(sent->message, sent->last);
  } catch (...) {
    failed = std::current_exception();
  }
  sent->answered(failed, sent->message);
}

asio::awaitable<void> StreamPublisher::flush() {
  const auto self = shared_from_this();
  check_runs_on(executor_, "Publisher::flush");
  while (enqueued_ > 0) co_await room_.wait();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace hangar
