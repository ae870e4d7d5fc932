// What a PullSource does when it re-applies what the stream holds.
#include "hangar/error.hpp"
#include "source/pull_source.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;

// Soon at first: the last acks are on their way to the server.
constexpr std::chrono::milliseconds first_look_whether_drained = 2ms;
constexpr auto look_whether_drained_every = 100ms;

}  // namespace

asio::awaitable<void> PullSource::aim_at_settled(StreamFacts stream) {
  std::optional<ConsumerFacts> recording;
  try {
    recording = co_await consumer_info(*link_, stream.name, settled_by_);
  } catch (const ConfigError&) {
    // Nobody has made it.
  }
  counters_->unsettled.set(range_.aim_at_settled(stream, recording));
}

asio::awaitable<void> PullSource::tell_what_is_gone(StreamFacts stream) {
  std::uint64_t stored = 0;
  if (options_.replay->since && stream.first_sequence > 1) {
    stored = co_await stored_after(*link_, stream.name, stream.first_sequence - 1, {});
  }
  const std::string missing = range_.missing(stream, stored);
  if (!missing.empty()) log_.warning("{}", missing);
}

// Without it the server does so after a while.
asio::awaitable<void> PullSource::delete_own_consumer() {
  if (!bound()) co_return;
  try {
    co_await delete_consumer(*link_, options_.source.stream, options_.source.durable);
  } catch (const Error& error) {
    log_.debug("{}", error.what());
  }
}

asio::awaitable<void> PullSource::wait_for_first() {
  auto pause = first_look_whether_drained;
  while (!over() && held_->none_ready()) {
    if (!options_.until_drained) {
      co_await arrivals_.wait_until(Waiters::Time::max());
    } else {
      co_await arrivals_.wait_until(Clock::now() + pause);
      pause = std::min<std::chrono::milliseconds>(pause * 2, look_whether_drained_every);
      if (!over() && idle()) co_await look_whether_drained();
    }
  }
}

asio::awaitable<void> PullSource::look_whether_drained() {
  if (looking_ || !range_.has_end()) co_return;
  looking_ = true;
  try {
    const ConsumerFacts consumer =
        co_await consumer_info(*link_, options_.source.stream, options_.source.durable);
    if (phase_ == Phase::pulling && range_.settled_by(consumer) && idle()) {
      phase_ = Phase::drained;
      counters_->drained.set(1);
      arrivals_.wake_all();
    }
  } catch (const Error& error) {
    log_.debug("cannot see yet whether the stream is drained: {}", error.what());
  }
  looking_ = false;
}

}  // namespace hangar
