#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>

#include "source/consumer_binding.hpp"
#include "source/consumer_check.hpp"
#include "source/pending_dead_letters.hpp"
#include "source/source_state.hpp"

namespace hangar {

/// Sees every few seconds how far the consumer is, what the stream has dropped and what room there
/// is for dead letters, for whoever looks at /metrics. For one strand; whoever runs its coroutine
/// keeps it alive.
class ConsumerWatch {
 public:
  ConsumerWatch(SourceState& source, ConsumerCheck& check, const ConsumerBinding& binding,
                PendingDeadLetters& letters)
      : source_{source}, check_{check}, binding_{binding}, letters_{letters} {}

  /// Returns when the source is closed.
  boost::asio::awaitable<void> run();
  /// The server refused an ack.
  void ack_denied();

 private:
  boost::asio::awaitable<void> see_consumer();
  /// When the oldest message without an ack was stored, in seconds since 1970; 0 when unknown.
  boost::asio::awaitable<std::uint64_t> oldest_unacked(const ConsumerInfo& consumer);
  boost::asio::awaitable<void> see_dead_letters();

  SourceState& source_;
  ConsumerCheck& check_;
  const ConsumerBinding& binding_;
  PendingDeadLetters& letters_;
  bool ack_denied_ = false;  ///< Since the consumer was seen last.
  bool held_none_ = false;   ///< When something was left the last time.
  bool nearly_full_ = false;
};

}  // namespace hangar
