#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "async/backoff.hpp"
#include "source/credit.hpp"
#include "source/pull_status.hpp"

namespace hangar {

/// Decides when to pull, how much, and when something is wrong. Pure: it is told what happened and
/// when, and `step` says what to do next. At most one pull lives at a time, so what it asked for
/// plus what is held never exceeds the credit; what is held hides the round trip to the next one.
class Puller {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Pull {
    std::uint64_t token = 0;  ///< Statuses of this pull carry it.
    std::size_t messages = 0;
    std::uint64_t bytes = 0;  ///< 0: no limit, for one message that is larger than the credit.
    std::chrono::milliseconds expires{};
    std::chrono::milliseconds heartbeat{};
    bool operator==(const Pull&) const = default;
    /// What the server is sent.
    [[nodiscard]] std::string request() const;
  };

  struct Step {
    std::optional<Pull> pull;  ///< Send this one now.
    bool verify = false;       ///< Look at stream and consumer, then call `open`.
    Time wake = Time::max();   ///< Call `step` again at this time, if nothing happens before.
  };

  /// What is held is in the credit, which outlives this object.
  explicit Puller(const Credit& credit) noexcept : credit_{credit} {}

  /// Stream and consumer are as they should be: pulls may be sent from now on.
  void open(Time now) noexcept;
  /// No pull lives any more and none is sent until `open`.
  void shut() noexcept;

  /// Sends no pull while paused; the one that lives ends by itself.
  void pause(bool paused) noexcept { paused_ = paused; }

  /// A message came, whether it is held or not.
  void delivered(Time now) noexcept;
  /// The server spoke about a pull. Returns false for one that lives no more: nothing changed.
  bool said(std::uint64_t token, PullStatus status, Time now) noexcept;

  [[nodiscard]] Step step(Time now) noexcept;

  /// True when nothing more can come before something that is held is released.
  [[nodiscard]] bool exhausted() const noexcept { return !live_ && open_ && !has_credit(); }
  /// Whether something may still come that was asked for.
  [[nodiscard]] bool live() const noexcept { return live_.has_value(); }

 private:
  struct Live {
    std::uint64_t token = 0;
    std::size_t remaining = 0;
    bool delivered = false;
    Time sent{};
    Time heard{};
  };

  [[nodiscard]] bool has_credit() const noexcept;
  [[nodiscard]] Time silence_ends() const noexcept;
  Pull next_pull(Time now) noexcept;
  void too_big() noexcept;
  void back_off(Time now) noexcept;
  void demand_verification() noexcept;

  const Credit& credit_;
  bool open_ = false;
  bool verify_ = false;
  bool paused_ = false;
  std::optional<Live> live_;
  std::uint64_t last_token_ = 0;
  /// Beside so many held bytes the next message was too large for those that were free.
  std::uint64_t too_full_ = UINT64_MAX;
  /// It is larger than the whole credit.
  bool without_cap_ = false;
  // What the consumer allows at most, as far as its refusals have shown.
  std::size_t batch_cap_ = SIZE_MAX;
  std::uint64_t bytes_cap_ = UINT64_MAX;
  std::chrono::milliseconds expires_{5000};
  Backoff backoff_;
  Time not_before_{};
};

}  // namespace hangar
