// How a PullSource looks after messages that take long.
#include <random>

#include "source/pull_source.hpp"

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr auto look_for_signals_every = 2500ms;

}  // namespace

void PullSource::look_after_held() {
  if (phase_ == Phase::closed) return;
  signal_timer_.expires_after(look_for_signals_every);
  signal_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->look_after_held();
  });
  if (!bound()) return;
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
  for (const std::string& reply : held_->due(now, signal_after_)) {
    signals.emplace_back(make_message(reply, {}, "+WPI"));
  }
  if (!signals.empty()) link_->send(signals);
}

// Another replica may be able to record them. Spread, so that they do not all come back at once to
// one that cannot.
void PullSource::give_back_all() {
  if (held_->size() == 0) return;
  log_.warning("stream {}: {} messages are given back, because they could not be recorded for {} s",
               options_.source.stream, held_->size(),
               std::chrono::duration_cast<std::chrono::seconds>(hold_max_).count());
  std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> delay{hold_max_.count() / 12, hold_max_.count() / 2};
  held_->give_back_all([&] { return std::chrono::milliseconds{delay(random)}; });
}

void PullSource::pause(bool paused) {
  if (paused == paused_since_.has_value()) return;
  paused_since_ = paused ? std::optional{Clock::now()} : std::nullopt;
  puller_.pause(paused);
  pump();
}

}  // namespace hangar
