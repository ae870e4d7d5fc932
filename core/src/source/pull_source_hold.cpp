// How a PullSource looks after messages that take long.
#include <random>

#include "source/pull_source.hpp"

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr auto look_for_signals_every = 2500ms;

}  // namespace

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
    if (!puller_.live()) give_back_all();
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
void PullSource::give_back_all() {
  if (state_.held->size() == 0) return;
  state_.log.warning(
      "stream {}: {} messages are given back, because they could not be recorded for {} s",
      state_.options.source.stream, state_.held->size(),
      std::chrono::duration_cast<std::chrono::seconds>(hold_max_).count());
  std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> delay{hold_max_.count() / 12, hold_max_.count() / 2};
  state_.held->give_back_all([&] { return std::chrono::milliseconds{delay(random)}; });
}

void PullSource::pause(bool paused) {
  if (paused == paused_since_.has_value()) return;
  paused_since_ = paused ? std::optional{Clock::now()} : std::nullopt;
  puller_.pause(paused);
  pump();
}

}  // namespace hangar
