#include "source/puller.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_heartbeat = 1000ms;
constexpr auto least_when_too_many_wait = 1000ms;
constexpr auto least_expiry = 100ms;
// Every replica hears of a change of leadership at the same time; so short that nobody notices.
constexpr auto leadership_pause = 50ms;
// A pull that ends this soon without a message would be sent again and again.
constexpr auto suspiciously_short = 100ms;

}  // namespace

std::string Puller::Pull::request() const {
  using std::chrono::nanoseconds;
  return fmt::format(R"({{"batch":{},"expires":{},"idle_heartbeat":{}{}}})", messages,
                     nanoseconds{expires}.count(), nanoseconds{heartbeat}.count(),
                     bytes > 0 ? fmt::format(R"(,"max_bytes":{})", bytes) : "");
}

void Puller::open(Time now) noexcept {
  open_ = true;
  verify_ = false;
  not_before_ = std::max(not_before_, now);
}

void Puller::shut() noexcept {
  open_ = false;
  verify_ = false;
  live_.reset();
  backoff_.reset();
  not_before_ = {};
}

void Puller::delivered(Time now) noexcept {
  backoff_.reset();
  too_full_ = UINT64_MAX;
  without_cap_ = false;
  if (!live_) return;  // of a pull that was given up: the server had not heard of it
  live_->heard = now;
  live_->delivered = true;
  if (--live_->remaining == 0) live_.reset();
}

void Puller::back_off(Time now) noexcept { not_before_ = now + backoff_.next(); }

void Puller::demand_verification() noexcept {
  open_ = false;
  verify_ = true;
}

void Puller::too_big() noexcept {
  if (credit_.held().messages == 0) {
    without_cap_ = true;
  } else {
    too_full_ = credit_.held().bytes;
  }
}

bool Puller::said(std::uint64_t token, PullStatus status, Time now) noexcept {
  if (!live_ || live_->token != token) return false;
  live_->heard = now;
  if (status == PullStatus::heartbeat) return true;
  const Live ended = *live_;
  live_.reset();
  switch (status) {
    case PullStatus::heartbeat:
      break;
    case PullStatus::message_too_big:
      if (!ended.delivered) too_big();
      break;
    case PullStatus::leadership_changed:
      not_before_ = now + leadership_pause;
      demand_verification();
      break;
    case PullStatus::over_request_batch:
      batch_cap_ = std::max<std::size_t>(ended.remaining / 2, 1);
      break;
    case PullStatus::over_request_bytes:
      bytes_cap_ = std::max<std::uint64_t>(std::min(credit_.most().bytes, bytes_cap_) / 2, 1024);
      break;
    case PullStatus::over_request_expiry:
      expires_ = std::max<std::chrono::milliseconds>(expires_ / 2, least_expiry);
      break;
    case PullStatus::consumer_gone:
    case PullStatus::no_responders:
    case PullStatus::refused:
      back_off(now);
      demand_verification();
      break;
    case PullStatus::too_many_waiting:
      backoff_.at_least(least_when_too_many_wait);
      back_off(now);
      break;
    case PullStatus::ended:
    case PullStatus::unknown:
      if (!ended.delivered && now - ended.sent < suspiciously_short) back_off(now);
      break;
  }
  return true;
}

bool Puller::has_credit() const noexcept {
  if (paused_) return false;
  if (credit_.held().messages == 0) return true;
  const Credit::Amount free = credit_.free();
  if (credit_.held().bytes >= too_full_ || free.bytes == 0) return false;
  // Many small pulls cost more than they bring.
  return free.messages >= std::max<std::size_t>(credit_.most().messages / 4, 1) &&
         free.bytes >= credit_.most().bytes / 4;
}

Puller::Time Puller::silence_ends() const noexcept {
  // Two heartbeats, and half of one for the way.
  return live_->heard +
         std::min<std::chrono::milliseconds>(longest_heartbeat, expires_ / 2) * 5 / 2;
}

Puller::Pull Puller::next_pull(Time now) noexcept {
  Pull pull{.token = ++last_token_,
            .messages = std::min(credit_.free().messages, batch_cap_),
            .bytes = std::min(credit_.free().bytes, bytes_cap_),
            .expires = expires_,
            .heartbeat = std::min<std::chrono::milliseconds>(longest_heartbeat, expires_ / 2)};
  if (without_cap_) {
    pull.messages = 1;
    pull.bytes = 0;
  }
  live_ = Live{.token = pull.token, .remaining = pull.messages, .sent = now, .heard = now};
  return pull;
}

Puller::Step Puller::step(Time now) noexcept {
  Step step;
  if (open_ && live_ && now >= silence_ends()) {
    live_.reset();
    demand_verification();
  }
  if (verify_) {
    verify_ = false;
    step.verify = true;
  } else if (open_ && live_) {
    step.wake = silence_ends();
  } else if (open_ && now < not_before_) {
    step.wake = not_before_;
  } else if (open_ && has_credit()) {
    step.pull = next_pull(now);
    step.wake = silence_ends();
  }
  return step;
}

}  // namespace hangar
