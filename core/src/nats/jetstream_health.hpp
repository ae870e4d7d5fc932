#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace hangar {

/// Whether the server that a connection leads to gives the service of JetStream, judged by what
/// comes of the calls. Without a clock or I/O.
class JetStreamHealth {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class Trouble {
    none,
    unanswered,     ///< No answer: the server is cut off from those that could give one.
    unavailable,    ///< The server says that its cluster has no leader.
    no_responders,  ///< Nobody serves JetStream's API there, or not for this account.
    denied          ///< The server does not let this user ask or be answered.
  };

  struct Verdict {
    Trouble trouble = Trouble::none;  ///< None until it has lasted for `patience`.
    bool leave = false;               ///< Another server is to be tried. True once each time.
  };

  /// A leader that is chosen anew takes less, as a rule; one call that nobody answers takes more.
  static constexpr std::chrono::milliseconds patience{3500};

  /// Another server has its own time; what was wrong is so until one serves.
  Verdict connected() noexcept;
  /// JetStream itself sent something at `now`, or later.
  Verdict served(Time now) noexcept;
  /// A whole round of calls that was begun at `sent` was answered at `now`. Without a quorum
  /// whatever else is served counts for nothing, until a round is answered with one.
  Verdict answered(bool quorum, Time sent, Time now) noexcept;
  /// A call that was sent at `sent` came to nothing at `now`. What was served meanwhile counts
  /// more.
  Verdict failed(Trouble why, Time sent, Time now) noexcept;

 private:
  Time served_{};
  std::optional<Time> since_;
  Trouble trouble_ = Trouble::none;
  bool quorum_ = true;
};

/// What is wrong, as the end of a sentence; empty for none.
std::string_view describe(JetStreamHealth::Trouble trouble) noexcept;

}  // namespace hangar
