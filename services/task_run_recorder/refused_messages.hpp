#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "hangar/source.hpp"

namespace hangar::recorder {

/// Why messages that are not whole any more were refused: a dead letter holds the message, so they
/// are rejected when they come again.
class RefusedMessages {
 public:
  void keep(const Message& message, Rejection why) {
    if (refused_.size() == most) refused_.clear();
    refused_.insert_or_assign(message.sequence(), Refused{message.stored(), std::move(why)});
  }
  /// Why the message is rejected, if it was refused; that is told once.
  [[nodiscard]] std::optional<Rejection> take(const Message& message) {
    auto known = refused_.extract(message.sequence());
    if (!known || known.mapped().stored != message.stored()) return std::nullopt;
    return std::move(known.mapped().why);
  }

 private:
  /// A stream that is made anew begins with the same sequences, but at another time.
  struct Refused {
    decltype(Message{}.stored()) stored;
    Rejection why;
  };
  // More are forgotten, and found once more to be refused.
  static constexpr std::size_t most = 10'000;

  std::unordered_map<std::uint64_t, Refused> refused_;  ///< By sequence.
};

}  // namespace hangar::recorder
