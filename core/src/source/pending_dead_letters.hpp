#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "hangar/event.hpp"
#include "hangar/source.hpp"
#include "jetstream/stream_setup.hpp"
#include "log/rate_limit.hpp"
#include "source/consumer_check.hpp"
#include "source/dead_letter_quota.hpp"
#include "source/source_state.hpp"

namespace hangar {

/// What the server said of a letter that was sent to it.
struct LetterReceipt {
  bool stored = false;
  std::string problem;  ///< Why it is not.
  /// Without a problem: where the stream has, or had, an equal one, and so did not store this one.
  std::uint64_t earlier = 0;
};
/// Pure. `trouble` is what went wrong last with the connection, if anything; `embedded` whether the
/// server is.
LetterReceipt receipt_of(const Link::Reply& reply, std::string_view trouble, bool embedded);

/// Rejected messages whose dead letter is not stored yet, and the stream that it goes to. For one
/// strand; whoever runs its coroutines keeps it alive.
class PendingDeadLetters {
 public:
  /// `stream_gone` is told that nobody stores what is sent there, though there was a stream.
  PendingDeadLetters(const boost::asio::any_io_executor& executor, const NatsConfig& nats,
                     SourceState& source, const ConsumerCheck& check,
                     std::function<void()> stream_gone);

  /// Makes sure of the stream. Events can be recorded without one, so what the server refuses, and
  /// why a stream must not be used, is told by `refusal` and not thrown.
  boost::asio::awaitable<StreamInfo> ensure_stream(WhenAbsent when_absent);
  /// The stream was seen again: whether letters may go to it may have changed.
  void see(const StreamInfo& stream);
  /// Why there is no stream, or some letter cannot go to it; empty when each can.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }
  [[nodiscard]] bool has_stream() const noexcept { return has_stream_; }

  /// How many may wait at most.
  void allow(std::size_t most) noexcept { quota_.allow(most); }
  /// Returns when one more of so many bytes may wait, which it does until `remove`, or when the
  /// source stops.
  boost::asio::awaitable<void> add(std::uint64_t bytes);
  void remove(std::uint64_t bytes);
  /// Tries until the dead letter is stored, then acks the message; or until the source stops.
  boost::asio::awaitable<void> store(Message message, Rejection why);
  boost::asio::awaitable<void> wait_until_none(Condition::Time deadline);
  /// The source stops.
  void stop() { removed_.wake_all(); }

 private:
  boost::asio::awaitable<bool> try_to_store(const HeldMessage& held, Rejection why);
  boost::asio::awaitable<void> look_for_earlier(LetterReceipt& receipt);
  /// What came of the last attempt to store one.
  void attempted(std::string problem);
  void tell(const HeldMessage& held, const Rejection& why);
  void refuse(std::string why);
  void count();

  SourceState& source_;
  const ConsumerCheck& check_;
  std::function<void()> stream_gone_;
  StreamConfig wanted_;
  DeadLetterQuota quota_;
  std::string refusal_;
  std::string problem_;  ///< Why the last letter was not stored; empty when it was.
  bool has_stream_ = true;
  bool must_not_use_ = false;       ///< There is a stream, and letters could be lost in it.
  std::uint64_t largest_left_ = 0;  ///< Bytes of the largest letter that was not taken.
  RateLimit seldom_{std::chrono::seconds{30}};
  Condition removed_;
};

}  // namespace hangar
