// How a PullSource ends: when a replay is drained, and what becomes of messages and answers when
// the host stops.
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
constexpr auto close_within = 8s;
constexpr auto forget_pull_within = 1000ms;

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

void PullSource::stop() {
  if (state_.stopping()) return;
  state_.phase = Phase::stopping;
  puller_.shut();
  pump_timer_.cancel();
  // Answers wait for it: what is given back would come here again.
  std::vector<Outgoing> items;
  items.emplace_back(EndPulls{});
  state_.held->outbox().hold_back(state_.link->send(items));
  state_.held->nak_what_is_ready();
  flush();
  arrivals_.wake_all();
  state_.changes.wake_all();
  letters_.stop();
}

// The server still has the pull. Asked for the consumer, it looks who listens and forgets the pull;
// nats-server 2.9 would otherwise lose sight, until ack_wait is over, of a message that is given
// back while nobody else pulls.
void PullSource::pulls_ended() {
  state_.link->request(state_.about_consumer("INFO"), {}, {}, forget_pull_within,
                       [weak = weak_from_this()](const Link::Reply&) {
                         const auto self = weak.lock();
                         if (!self) return;
                         self->state_.held->outbox().hold_back(false);
                         self->flush();
                         self->state_.changes.wake_all();
                       });
}

asio::awaitable<void> PullSource::close() {
  const auto self = shared_from_this();
  const auto deadline = Clock::now() + close_within;
  stop();
  while (state_.held->outbox().held_back() && Clock::now() < deadline)
    co_await state_.changes.wait_until(deadline);
  co_await letters_.wait_until_none(deadline);
  flush();
  co_await binding_.delete_own_consumer();
  state_.phase = Phase::closed;
  state_.changes.wake_all();
  signal_timer_.cancel();
  state_.link->finish();
  co_await state_.link->ended(deadline);
}

}  // namespace hangar
