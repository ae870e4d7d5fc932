#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hangar/log.hpp"
#include "jetstream/stream_info.hpp"
#include "jetstream/stream_lint.hpp"

namespace hangar {

/// Judges what the server says of a stream and its consumer each time it is asked: whether they are
/// the ones of the time before, and whether events can be lost by their settings. Pure.
class ConsumerCheck {
 public:
  struct Expected {
    std::string stream;
    std::string durable;
    std::string filter;
    std::chrono::nanoseconds max_age{};
    std::size_t credit = 0;  ///< How many messages one replica holds at most.
    bool replay = false;     ///< The consumer is made for it.
  };
  enum class Seen { first, same, recreated };

  ConsumerCheck(Expected expected, Log& log) : expected_{std::move(expected)}, log_{log} {}

  /// Both warn once of each thing that is wrong, and throw ConfigError when the stream or consumer
  /// must not be used. `dead_letters` is null where there is no stream that can be used for them.
  void stream(const StreamInfo& stream);
  void settings(const StreamInfo& stream, const ConsumerInfo& consumer,
                const StreamInfo* dead_letters, std::uint64_t max_payload);

  /// Whether the server lost the end of the stream. A replay may begin behind the end, and then its
  /// consumer does too.
  [[nodiscard]] bool rolled_back(const StreamInfo& stream,
                                 const ConsumerInfo& consumer) const noexcept;
  /// Whether they are the ones of the last call.
  Seen identify(const StreamInfo& stream, const ConsumerInfo& consumer);
  /// The consumer is made anew on purpose.
  void forget();
  [[nodiscard]] const Incarnation& incarnation() const noexcept { return incarnation_; }

  struct Change {
    std::uint64_t lost = 0;  ///< At least so many messages, before any replica was given them.
    bool acked = false;      ///< Some ack was taken, or none is waited for.
  };
  /// What has changed since the last sighting of this incarnation, and tells what was lost. Nothing
  /// when another one was seen; `asked` is the one that was known before it was asked for.
  std::optional<Change> compare(const Incarnation& asked, const Sighting& now);

  /// How often the server is told that a message is still worked on.
  static std::chrono::nanoseconds progress_interval(const ConsumerInfo& consumer) noexcept;
  /// How many messages may wait for their dead letters: half of what the consumer, or the credit,
  /// lets be without an ack, so that others still flow.
  [[nodiscard]] std::size_t most_dead_letters(const ConsumerInfo& consumer) const noexcept;

 private:
  void tell(const std::vector<Finding>& findings);

  Expected expected_;
  Log& log_;
  Incarnation incarnation_;
  std::optional<Sighting> seen_;  ///< Of this incarnation.
  std::vector<Finding> told_;
};

}  // namespace hangar
