#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hangar/log.hpp"
#include "hangar/source.hpp"
#include "jetstream/stream_setup.hpp"
#include "nats/nats_config.hpp"
#include "source/source_counters.hpp"

namespace hangar {

class PullSession;

struct PullOptions {
  SourceOptions source;
  std::string service;
  /// End when everything that was in the stream at the start is settled.
  bool until_drained = false;
  /// Re-apply what the stream holds from here on up to its present end, then end: over a consumer
  /// of this source's own, so that `source.durable` stays where it is.
  std::optional<StreamStart> replay{};
  /// A replay that changes nothing but what the caller does: no stream is created and nothing is
  /// dead-lettered, it ends where everything up to there was settled by `source.durable`, if there
  /// is such a consumer, and passes over what was dead-lettered.
  struct Look {
    std::vector<std::uint64_t> dead_lettered;  ///< Positions in the stream, ascending.
  };
  std::optional<Look> look{};
};

/// The most messages that a source for it holds.
std::size_t credit_messages(const SourceOptions& source) noexcept;

/// Messages of a durable pull consumer. It reconnects for as long as it takes, takes at most its
/// credit of messages and bytes, keeps the server informed about messages that take long, and sends
/// an ack only over a connection for which stream and consumer were seen to be the same ones that
/// delivered the message. Every member but `stopper` and `counters` is for the executor.
class PullSource final : public Source {
 public:
  /// Begins to connect. `executor` is a strand or runs on one thread; it and `log` outlive this
  /// object and `close`. Throws ConfigError when the settings cannot be used.
  PullSource(const boost::asio::any_io_executor& executor, const NatsConfig& nats,
             PullOptions options, Log& log);
  /// Gives back what was not handed out, and closes in the background.
  ~PullSource() override;

  /// Returns when it pulls, or when it was stopped before. Creates stream, consumer and dead-letter
  /// stream when they are absent. Throws ConfigError when one of them must not be used.
  boost::asio::awaitable<void> open();

  boost::asio::awaitable<Batch> next(std::size_t limit, std::chrono::milliseconds linger) override;
  boost::asio::awaitable<void> reject(Message message, Rejection why) override;

  boost::asio::awaitable<std::optional<std::chrono::sys_time<std::chrono::nanoseconds>>> forced()
      override;

  /// A function that ends the source from any thread, any number of times, also before `open` has
  /// returned and after this object is gone: no more pulls, what was not handed out is given back
  /// at once, `next` returns an empty batch. Handed-out messages can still be acked and rejected.
  [[nodiscard]] std::function<void()> stopper() const;
  /// While paused nothing more is pulled, and what is held for longer than `nats.hold_max` goes
  /// back to the stream, for another replica: it is delivered again after a while, and an ack of
  /// what was handed out of it has no effect any more.
  void pause(bool paused);
  /// For any thread; lives as long as the holder wants.
  [[nodiscard]] std::shared_ptr<const SourceCounters> counters() const;

  /// Returns when the last answers are sent and the connection is closed, within about 10 s. Call
  /// it after the last message was answered; without it the same happens in the background.
  boost::asio::awaitable<void> close();

 private:
  boost::asio::any_io_executor executor_;
  std::shared_ptr<PullSession> session_;
};

}  // namespace hangar
