#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "hangar/source.hpp"

namespace hangar::batch {

/// What the storage refused and went back to the stream: it comes again whole, for a dead letter
/// holds the message, and either is one then or is tried again. Pure; not thread-safe.
class RefusedMessages {
 public:
  using Clock = std::chrono::steady_clock;
  struct Refused {
    decltype(Message{}.stored()) stored;  ///< A stream made anew begins with the same sequences.
    Clock::time_point first;
    Clock::time_point last;
    std::size_t refusals = 0;
    Rejection why{};
    bool condemned = false;  ///< It is a dead letter when it comes again.
    bool held = false;       ///< Nothing shows that the database takes such rows.
  };

  /// The message was refused once more.
  Refused& refuse(const Message& message, Rejection why, Clock::time_point now) {
    if (refused_.size() >= most) refused_.clear();
    Refused& entry = refused_[message.sequence()];
    if (entry.refusals == 0 || entry.stored != message.stored()) {
      entry = Refused{.stored = message.stored(), .first = now, .last = now};
    }
    ++entry.refusals;
    entry.last = now;
    entry.why = std::move(why);
    return entry;
  }

  /// Whether the message was refused and is not a dead letter yet.
  [[nodiscard]] bool suspects(const Message& message) const {
    const auto known = refused_.find(message.sequence());
    return known != refused_.end() && known->second.stored == message.stored();
  }

  /// How often it was refused.
  [[nodiscard]] std::size_t refusals(const Message& message) const {
    return suspects(message) ? refused_.at(message.sequence()).refusals : 0;
  }

  /// Why the message is a dead letter now, if it is; that is told once.
  [[nodiscard]] std::optional<Rejection> take_condemned(const Message& message) {
    const auto known = refused_.find(message.sequence());
    if (known == refused_.end()) return std::nullopt;
    if (known->second.stored != message.stored()) {
      refused_.erase(known);
      return std::nullopt;
    }
    if (!known->second.condemned) return std::nullopt;
    Rejection why = std::move(known->second.why);
    refused_.erase(known);
    return why;
  }

  /// The message is recorded.
  void forget(const Message& message) { refused_.erase(message.sequence()); }

  /// The one that is held for longest, if any. One that did not come again for long went elsewhere.
  [[nodiscard]] const Refused* longest_held(Clock::time_point now) {
    constexpr std::chrono::minutes elsewhere{2};
    std::erase_if(refused_, [&](const auto& entry) {
      return entry.second.held && now - entry.second.last > elsewhere;
    });
    const Refused* longest = nullptr;
    for (const auto& [sequence, entry] : refused_) {
      if (!entry.held || entry.condemned) continue;
      if (longest == nullptr || entry.first < longest->first) longest = &entry;
    }
    return longest;
  }

 private:
  // More are forgotten, and found once more to be refused.
  static constexpr std::size_t most = 20'000;

  std::unordered_map<std::uint64_t, Refused> refused_;  ///< By sequence.
};

}  // namespace hangar::batch
