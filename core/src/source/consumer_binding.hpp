#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>

#include "jetstream/stream_setup.hpp"
#include "nats/nats_config.hpp"
#include "source/consumer_check.hpp"
#include "source/pending_dead_letters.hpp"
#include "source/replay_range.hpp"
#include "source/source_state.hpp"

namespace hangar {

/// Whether the stream and the consumer of a source were found, over the present connection, as they
/// should be. It makes what is absent, and abandons what another stream or consumer has delivered.
/// For one strand; whoever runs its coroutines keeps it alive.
class ConsumerBinding {
 public:
  ConsumerBinding(const NatsConfig& nats, SourceState& source, ConsumerCheck& check,
                  ReplayRange& range, PendingDeadLetters& letters);

  [[nodiscard]] bool bound() const noexcept { return binding_ == Binding::bound; }
  /// No ack is sent until it is bound again.
  void unbind() noexcept;
  /// Unbinds. Returns whether `bind` is to be run: not when it runs already, or has failed.
  [[nodiscard]] bool begin() noexcept;
  /// Tries until it is bound, which it returns, or the source stops. Before the source has begun,
  /// throws ConfigError for what must not be used, and DeniedError of a replay.
  boost::asio::awaitable<bool> bind();
  /// Deletes the consumer of a replay. Without it the server does so after a while.
  boost::asio::awaitable<void> delete_own_consumer();

  /// How often the server is told that a message is still worked on.
  [[nodiscard]] std::chrono::nanoseconds progress_interval() const noexcept {
    return progress_interval_;
  }

 private:
  enum class Binding { unbound, verifying, bound, failed };

  boost::asio::awaitable<void> ask();
  boost::asio::awaitable<void> ask(WhenAbsent when_absent);
  boost::asio::awaitable<void> aim_at_settled(StreamInfo stream);
  boost::asio::awaitable<void> tell_what_is_gone(StreamInfo stream);
  void judge(const StreamInfo& stream, const ConsumerInfo& consumer, const StreamInfo* letters);

  SourceState& source_;
  ConsumerCheck& check_;
  ReplayRange& range_;
  PendingDeadLetters& letters_;
  StreamConfig stream_;
  ConsumerConfig consumer_;
  Binding binding_ = Binding::unbound;
  std::optional<std::chrono::steady_clock::time_point> absent_since_;
  std::chrono::nanoseconds progress_interval_{};
};

}  // namespace hangar
