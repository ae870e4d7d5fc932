#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "hangar/lease.hpp"

namespace hangar {

/// What the stream holds of one lease.
struct LeaseEntry {
  std::uint64_t sequence = 0;  ///< 0: there was none yet.
  std::string holder{};        ///< Empty: it was given back.
};

/// One host's view of one lease: whether it holds it, and when it may write itself into it. Each
/// host counts with its own steady clock how long it has seen one and the same entry, so that no
/// two clocks are compared. Pure.
class LeaseTerm final : public Lease {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds shortest{1000};
  static constexpr std::chrono::milliseconds longest{30'000};

  /// `host` is unique to this term.
  LeaseTerm(std::string host, std::chrono::milliseconds period)
      : host_{std::move(host)}, length_{std::clamp(period, shortest, longest)} {}

  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  /// How long it is held without being written again.
  [[nodiscard]] std::chrono::milliseconds length() const noexcept { return length_; }
  /// How often a host looks at it: the holder has three tries before it is over.
  [[nodiscard]] std::chrono::milliseconds round() const noexcept { return length_ / 3; }

  /// The stream held this: whether to write this host in its place.
  [[nodiscard]] bool may_write(const LeaseEntry& found, Clock::time_point now) {
    if (found.holder.empty() || found.holder == host_) return true;
    held_until_ = Clock::time_point::min();
    if (found.sequence != other_) {
      other_ = found.sequence;
      other_since_ = now;
    }
    return now - other_since_ >= length_;
  }
  /// This host was written in the place of what was found. Others cannot have seen that before it
  /// was sent.
  void written(std::uint64_t sequence, Clock::time_point sent) noexcept {
    sequence_ = sequence;
    held_until_ = sent + length_;
    other_ = 0;
  }

  [[nodiscard]] bool held_at(Clock::time_point now) const noexcept { return now < held_until_; }
  [[nodiscard]] bool held() const noexcept override { return held_at(Clock::now()); }
  /// Of what this host wrote last.
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }

 private:
  std::string host_;
  std::chrono::milliseconds length_;
  Clock::time_point held_until_ = Clock::time_point::min();
  std::uint64_t sequence_ = 0;
  std::uint64_t other_ = 0;  ///< Another host's entry, seen since then.
  Clock::time_point other_since_{};
};

}  // namespace hangar
