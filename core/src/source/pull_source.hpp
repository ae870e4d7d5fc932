#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/service_source.hpp"
#include "dead_letters/force_mark.hpp"
#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "jetstream/stream_setup.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"
#include "source/consumer_binding.hpp"
#include "source/consumer_check.hpp"
#include "source/consumer_watch.hpp"
#include "source/pending_dead_letters.hpp"
#include "source/puller.hpp"
#include "source/replay_range.hpp"
#include "source/source_state.hpp"

namespace hangar {

/// Messages of a durable pull consumer. It reconnects for as long as it takes, takes at most its
/// credit of messages and bytes, keeps the server informed about messages that take long, and sends
/// an ack only over a connection for which stream and consumer were seen to be the same ones that
/// delivered the message. Every member but `counters` is for the executor.
class PullSource : public ServiceSource, public std::enable_shared_from_this<PullSource> {
 public:
  /// Begins to connect. `executor` is a strand or runs on one thread; it and `log` outlive the
  /// source and `close`. When nobody has it any more, it gives back what was not handed out, and
  /// closes in the background. Throws ConfigError when the settings cannot be used.
  static std::shared_ptr<PullSource> start(const boost::asio::any_io_executor& executor,
                                           const NatsConfig& nats, PullOptions options, Log& log);

  /// Creates stream, consumer and dead-letter stream when they are absent. Throws ConfigError when
  /// one of them must not be used.
  boost::asio::awaitable<void> open() override;

  boost::asio::awaitable<Batch> next(std::size_t limit, std::chrono::milliseconds linger) override;
  boost::asio::awaitable<void> reject(Message message, Rejection why) override;

  boost::asio::awaitable<std::optional<std::chrono::sys_time<std::chrono::nanoseconds>>> forced()
      override;

  void stop() override;
  /// While paused nothing more is pulled, and what is held for longer than `nats.hold_max` goes
  /// back to the stream, for another replica: it is delivered again after a while, and an ack of
  /// what was handed out of it has no effect any more.
  void pause(bool paused) override;
  /// For any thread; lives as long as the holder wants.
  [[nodiscard]] std::shared_ptr<const SourceCounters> counters() const { return state_.counters; }

  /// Closes the connection, too, within about 10 s; without a call that happens in the background.
  boost::asio::awaitable<void> close() override;

 private:
  using Clock = std::chrono::steady_clock;
  using Phase = SourceState::Phase;

  PullSource(boost::asio::any_io_executor executor, const NatsConfig& nats, PullOptions options,
             Log& log);

  // The link.
  void came_up();
  void went_down(const std::vector<Outgoing>& unsent);
  void denied(const std::string& subject, const std::string& why);
  void pulls_ended();
  void pulled(std::vector<WireMessage>& messages);
  void message_came(WireMessage message, std::string_view reply, Clock::time_point now);
  /// Returns whether it tells that the consumer lives.
  bool status_came(natsMsg& message, Clock::time_point now);

  // Stream and consumer.
  void bind();
  void bound();

  // Pulls and answers.
  void pump();
  void send_pull(const Puller::Pull& pull);
  void send_answers();
  void flush(AckOutbox::Flush when);
  void flush();
  void look_after_held();
  void signal_progress(Clock::time_point now);
  void nak_all();

  // What next() waits for.
  [[nodiscard]] bool over() const noexcept { return state_.phase >= Phase::drained || failure_; }
  [[nodiscard]] bool idle() const noexcept;
  boost::asio::awaitable<void> wait_for_first();
  boost::asio::awaitable<void> look_whether_drained();

  boost::asio::any_io_executor executor_;
  SourceState state_;
  std::chrono::milliseconds hold_max_;
  Puller puller_;

  std::exception_ptr failure_;  ///< Why the source never began, or ended of its own accord.
  ConsumerCheck check_;

  std::optional<Clock::time_point> paused_since_;
  ReplayRange range_;
  bool looking_ = false;

  PendingDeadLetters letters_;
  ConsumerBinding binding_;
  ConsumerWatch watch_;

  Condition arrivals_;  ///< What next() waits for changed.
  boost::asio::steady_timer pump_timer_;
  boost::asio::steady_timer signal_timer_;
};

}  // namespace hangar
