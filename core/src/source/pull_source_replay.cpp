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

asio::awaitable<void> PullSource::wait_for_first() {
  auto pause = first_look_whether_drained;
  while (!over() && state_.held->none_ready()) {
    if (!state_.options.until_drained) {
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
    const ConsumerFacts consumer = co_await consumer_info(
        *state_.link, state_.options.source.stream, state_.options.source.durable);
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

}  // namespace hangar
