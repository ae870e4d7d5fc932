// What a PullSource does as time passes: while `next` waits, and for messages that take long.
#include <random>

#include "async/backoff.hpp"
#include "hangar/error.hpp"
#include "source/pull_source.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;

// Soon at first: the last acks are on their way to the server.
constexpr auto first_look_whether_drained = 2ms;
constexpr auto look_whether_drained_every = 100ms;
constexpr auto look_for_signals_every = 2500ms;

}  // namespace

asio::awaitable<void> PullSource::wait_for_first() {
  Backoff pause{first_look_whether_drained, look_whether_drained_every};
  while (!over() && state_.held->none_ready()) {
    if (!state_.options.until_drained) {
      co_await arrivals_.wait();
    } else {
      co_await arrivals_.wait_until(Clock::now() + pause.next());
      if (!over() && idle()) co_await look_whether_drained();
    }
  }
}

bool PullSource::idle() const noexcept {
  return binding_.bound() && state_.held->size() == 0 && state_.held->outbox().empty();
}

asio::awaitable<void> PullSource::look_whether_drained() {
  if (looking_ || !range_.has_end()) co_return;
  looking_ = true;
  try {
    const ConsumerInfo consumer = co_await consumer_info(*state_.link, state_.options.source.stream,
                                                         state_.options.source.durable);
    if (state_.phase == Phase::pulling && range_.settled_by(consumer) && idle()) {
      state_.phase = Phase::drained;
      state_.counters->drained.set(1);
      arrivals_.wake_all();
    }
  } catch (const Error& error) {
    state_.log.debug("cannot see yet whether the stream is drained: {}", error.what());
  }
  looking_ = false;
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
