#include "source/pull_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "async/runs_on.hpp"
#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr auto look_for_signals_every = 2500ms;

}  // namespace

std::shared_ptr<PullSource> PullSource::start(const asio::any_io_executor& executor,
                                              const NatsConfig& nats, PullOptions options,
                                              Log& log) {
  struct Started : PullSource {
    Started(asio::any_io_executor on, const NatsConfig& with, PullOptions what, Log& to)
        : PullSource{std::move(on), with, std::move(what), to} {}
  };
  auto session = std::make_shared<Started>(executor, nats, std::move(options), log);
  const std::weak_ptr<PullSource> weak = session;
  const auto with = [weak](auto action) {
    return [weak, action](auto&&... arguments) {
      if (const auto self = weak.lock()) action(*self, arguments...);
    };
  };
  Link::Handlers handlers;
  handlers.up = with([](PullSource& self) { self.came_up(); });
  handlers.down =
      with([](PullSource& self, const std::vector<Outgoing>& unsent) { self.went_down(unsent); });
  handlers.pulled =
      with([](PullSource& self, std::vector<WireMessage>& messages) { self.pulled(messages); });
  handlers.pulls_ended = with([](PullSource& self) { self.pulls_ended(); });
  handlers.denied = with(
      [](PullSource& self, const auto& subject, const auto& why) { self.denied(subject, why); });
  handlers.trouble = with(
      [](PullSource& self, const std::string& what) { self.state_.counters->obstacle.set(what); });
  handlers.judged = with([](PullSource& self, JetStreamHealth::Trouble trouble) {
    self.state_.counters->trouble.set(static_cast<std::uint64_t>(trouble));
  });
  session->state_.held->outbox().on_flush(
      with([](PullSource& self, AckOutbox::Flush when) { self.flush(when); }));
  session->state_.link = Link::open(
      executor, {nats, connection_name(session->state_.options.service)}, log, std::move(handlers));
  PullSource* const source = session.get();
  return {source, [session = std::move(session)](PullSource*) {
            session->stop();
            asio::co_spawn(
                session->executor_,
                [session]() -> asio::awaitable<void> { co_await session->close(); },
                asio::detached);
          }};
}

PullSource::PullSource(asio::any_io_executor executor, const NatsConfig& nats, PullOptions options,
                       Log& log)
    : executor_{std::move(executor)},
      state_{executor_, nats, std::move(options), log},
      hold_max_{nats.hold_max},
      puller_{state_.held->credit()},
      check_{{.stream = state_.options.source.stream,
              .durable = state_.options.source.durable,
              .filter = state_.options.source.filter_subject,
              .max_age = nats.max_age,
              .credit = state_.held->credit().most().messages,
              .replay = state_.options.replay.has_value()},
             log},
      range_{state_.options.replay, state_.options.dry_run ? state_.options.dry_run->dead_lettered
                                                           : std::vector<std::uint64_t>{}},
      letters_{executor_, nats, state_, check_, [this] { bind(); }},
      binding_{nats, state_, check_, range_, letters_},
      watch_{state_, check_, binding_, letters_},
      arrivals_{executor_},
      pump_timer_{executor_},
      signal_timer_{executor_} {}

void PullSource::came_up() {
  state_.counters->connections.add();
  state_.counters->connected.set(1);
  state_.counters->acks_denied.set(0);
  state_.counters->pulls_denied.set(0);
  if (!state_.stopping()) bind();
}

void PullSource::bind() {
  if (!binding_.begin()) return;
  asio::co_spawn(
      executor_,
      [self = shared_from_this()]() -> asio::awaitable<void> {
        try {
          if (co_await self->binding_.bind()) self->bound();
        } catch (const Error&) {
          self->failure_ = std::current_exception();
        }
        self->state_.changes.wake_all();
      },
      asio::detached);
}

void PullSource::bound() {
  puller_.open(Clock::now());
  state_.held->outbox().open();
  if (state_.opening()) {
    state_.phase = Phase::pulling;
    look_after_held();
    asio::co_spawn(
        executor_,
        [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->watch_.run(); },
        asio::detached);
  }
  flush();
}

void PullSource::denied(const std::string& subject, const std::string& why) {
  if (subject.starts_with("$JS.ACK.")) {
    watch_.ack_denied();
  } else if (subject == state_.about_consumer("MSG.NEXT")) {
    state_.counters->pulls_denied.set(1);
  } else {
    return;
  }
  if (!state_.options.replay || state_.stopping()) return;
  failure_ = std::make_exception_ptr(DeniedError{why});
  arrivals_.wake_all();
}

void PullSource::went_down(const std::vector<Outgoing>& unsent) {
  state_.counters->connected.set(0);
  binding_.unbind();
  puller_.shut();
  state_.held->outbox().hold_back(false);
  state_.held->outbox().put_back(unsent);
  state_.changes.wake_all();
}

void PullSource::pulled(std::vector<WireMessage>& messages) {
  const auto now = Clock::now();
  bool served = false;
  for (WireMessage& message : messages) {
    const std::string_view reply = reply_of(*message);
    if (reply.empty()) {
      served = status_came(*message, now) || served;
    } else {
      served = true;
      message_came(std::move(message), reply, now);
    }
  }
  if (!messages.empty()) state_.counters->pulls_denied.set(0);
  if (served) state_.link->judge(JetStreamHealth::Trouble::none, now);
  if (state_.stopping()) state_.held->nak_what_is_ready();
  if (!state_.held->none_ready()) arrivals_.wake_all();
  pump();
}

void PullSource::message_came(WireMessage message, std::string_view reply, Clock::time_point now) {
  const auto ack = parse_ack_subject(reply);
  if (!ack) return;  // not from this consumer; nobody waits for an answer
  puller_.delivered(now);
  if (range_.leaves_out(ack->stream_sequence)) {
    state_.held->pass_over(std::move(message), reply);
  } else {
    state_.held->arrived(std::move(message), reply, *ack, now);
  }
}

bool PullSource::status_came(natsMsg& message, Clock::time_point now) {
  const auto token = state_.link->pull_token(subject_of(message));
  const std::string code{header_of(message, "Status").value_or("")};
  const std::string text{header_of(message, "Description").value_or("")};
  const PullStatus status = classify_pull_status(code, text);
  if (!token || !puller_.said(*token, status, now)) {
    state_.counters->stale_statuses.add();
    return false;
  }
  switch (status) {
    case PullStatus::unknown:
      state_.counters->unknown_statuses.add();
      state_.log.warning("stream {}: the server ended a pull with `{} {}`",
                         state_.options.source.stream, code, text);
      break;
    case PullStatus::refused:
    case PullStatus::too_many_waiting:
    case PullStatus::over_request_batch:
    case PullStatus::over_request_bytes:
    case PullStatus::over_request_expiry:
    case PullStatus::consumer_gone:
      state_.log.warning("consumer {} of stream {}: {} {}", state_.options.source.durable,
                         state_.options.source.stream, code, text);
      break;
    default:
      break;
  }
  return status == PullStatus::heartbeat;
}

void PullSource::pump() {
  if (state_.stopping()) return;
  const auto now = Clock::now();
  const Puller::Step step = puller_.step(now);
  if (step.pull) send_pull(*step.pull);
  if (step.verify) bind();
  if (step.wake == Puller::Time::max()) return;
  pump_timer_.expires_at(step.wake);
  pump_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->pump();
  });
}

// The answers of a whole batch leave together.
void PullSource::flush(AckOutbox::Flush when) {
  if (when == AckOutbox::Flush::now) return send_answers();
  asio::post(executor_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->flush();
  });
}

void PullSource::send_answers() {
  std::vector<Outgoing> items = state_.held->outbox().take();
  // When it is not sent, the link is down and will say so.
  if (!items.empty() && !state_.link->send(items)) state_.held->outbox().put_back(items);
}

void PullSource::flush() {
  send_answers();
  pump();
}

void PullSource::send_pull(const Puller::Pull& pull) {
  std::vector<Outgoing> items;
  items.emplace_back(make_message(state_.about_consumer("MSG.NEXT"),
                                  state_.link->pull_inbox(pull.token), pull.request()));
  // When it is not sent, the link is down and will say so.
  if (state_.link->send(items)) state_.counters->pulls.add();
}

asio::awaitable<void> PullSource::open() {
  while (state_.opening() && !failure_) co_await state_.changes.wait();
  if (failure_) std::rethrow_exception(failure_);
}

asio::awaitable<Batch> PullSource::next(std::size_t limit, std::chrono::milliseconds linger) {
  const auto self = shared_from_this();
  check_runs_on(executor_, "Source::next");
  check_limit(limit);
  while (!over()) {
    if (state_.held->none_ready()) co_await wait_for_first();
    // Without credit nothing more comes, however long one waits.
    while (!over() && !state_.held->none_ready() && !puller_.exhausted() &&
           Clock::now() < state_.held->batch_due(limit, linger)) {
      co_await arrivals_.wait_until(state_.held->batch_due(limit, linger));
    }
    // Another caller may have taken them.
    if (!state_.held->none_ready()) co_return state_.held->take(limit, Clock::now());
  }
  if (failure_ && !state_.stopping()) std::rethrow_exception(failure_);
  co_return Batch{};
}

asio::awaitable<void> PullSource::reject(Message message, Rejection why) {
  const auto self = shared_from_this();
  check_runs_on(executor_, "Source::reject");
  state_.held->check_rejectable(message);
  const std::uint64_t bytes = message.data().size();
  co_await letters_.add(bytes);
  asio::co_spawn(executor_, letters_.store(std::move(message), std::move(why)),
                 [self, bytes](const std::exception_ptr&) { self->letters_.remove(bytes); });
}

asio::awaitable<std::optional<ForceMark>> PullSource::forced() {
  const auto self = shared_from_this();
  if (state_.options.dry_run) co_return std::nullopt;
  co_return co_await read_force_mark(*state_.link, state_.options.service);
}

void PullSource::look_after_held() {
  if (state_.closed()) return;
  signal_timer_.expires_after(look_for_signals_every);
  signal_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->look_after_held();
  });
  if (!binding_.bound()) return;
  const auto now = Clock::now();
  if (paused_since_ && now - *paused_since_ > hold_max_) {
    // A pull that lives would get them.
    if (!puller_.live()) nak_all();
  } else {
    signal_progress(now);
  }
}

void PullSource::signal_progress(Clock::time_point now) {
  std::vector<Outgoing> signals;
  for (const std::string& reply : state_.held->due(now, binding_.progress_interval())) {
    signals.emplace_back(make_message(reply, {}, "+WPI"));
  }
  if (!signals.empty()) state_.link->send(signals);
}

// Another replica may be able to record them. Spread, so that they do not all come back at once to
// one that cannot.
void PullSource::nak_all() {
  if (state_.held->size() == 0) return;
  state_.log.warning(
      "stream {}: {} messages are given back, because they could not be recorded for {} s",
      state_.options.source.stream, state_.held->size(),
      std::chrono::duration_cast<std::chrono::seconds>(hold_max_).count());
  std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> delay{hold_max_.count() / 12, hold_max_.count() / 2};
  state_.held->nak_all([&] { return std::chrono::milliseconds{delay(random)}; });
}

void PullSource::pause(bool paused) {
  if (paused == paused_since_.has_value()) return;
  paused_since_ = paused ? std::optional{Clock::now()} : std::nullopt;
  puller_.pause(paused);
  pump();
}

}  // namespace hangar
