#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/service_source.hpp"
#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "hangar/needs.hpp"
#include "jetstream/ack_subject.hpp"
#include "jetstream/stream_setup.hpp"
#include "live/live_position.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"
#include "source/credit.hpp"
#include "source/puller.hpp"
#include "source/source_counters.hpp"

namespace hangar {

/// Sees a stream go by: every host sees every message, from a position on, in order and once. The
/// server keeps nothing of it but a consumer without acks, which is made anew from the next
/// position whenever the connection or the consumer is gone. An ack or nak does nothing. For one
/// strand; the messages may outlive it.
class LiveSource : public ServiceSource, public std::enable_shared_from_this<LiveSource> {
 public:
  /// Begins to connect. `until_drained`: it ends where the stream ended when it began. `log`
  /// outlives it.
  static std::shared_ptr<LiveSource> start(const boost::asio::any_io_executor& executor,
                                           const NatsConfig& nats, LiveOptions options,
                                           const std::string& service, bool until_drained,
                                           Log& log);

  boost::asio::awaitable<void> open() override;
  boost::asio::awaitable<Batch> next(std::size_t limit, std::chrono::milliseconds linger) override;
  /// Throws std::logic_error: whoever reads the stream dead-letters it.
  boost::asio::awaitable<void> reject(Message message, Rejection why) override;
  void stop() override;
  void pause(bool paused) override;
  boost::asio::awaitable<void> close() override;

  /// For any thread; lives as long as the holder wants.
  [[nodiscard]] std::shared_ptr<const SourceCounters> counters() const { return counters_; }

 private:
  class Delivery;
  using Clock = std::chrono::steady_clock;
  enum class Phase { opening, pulling, drained, stopping };

  LiveSource(boost::asio::any_io_executor executor, const NatsConfig& nats, LiveOptions options,
             bool until_drained, Log& log);

  void pulled(std::vector<WireMessage>& messages);
  void message_came(WireMessage message, std::string_view reply, Clock::time_point now);
  void status_came(natsMsg& message, Clock::time_point now);
  void unbind();
  void bind();
  boost::asio::awaitable<void> bind_until_done();
  /// Makes a consumer that begins at the position.
  boost::asio::awaitable<void> make_consumer();
  void pump();
  void released(std::uint64_t bytes);
  void look_whether_drained();
  [[nodiscard]] bool over() const noexcept { return phase_ >= Phase::drained || failure_; }
  [[nodiscard]] bool stopping() const noexcept { return phase_ == Phase::stopping; }

  boost::asio::any_io_executor executor_;
  LiveOptions options_;
  StreamConfig stream_;
  const bool until_drained_;
  Log& log_;
  std::shared_ptr<SourceCounters> counters_ = std::make_shared<SourceCounters>();
  std::shared_ptr<Link> link_;
  Credit credit_;
  Puller puller_;
  LivePosition position_;
  Phase phase_ = Phase::opening;
  bool binding_ = false;
  std::string consumer_;  ///< Its name; empty while there is none.
  std::exception_ptr failure_;
  std::deque<std::unique_ptr<Delivery>> ready_;
  Clock::time_point taken_ = Clock::now();
  bool pump_posted_ = false;
  Condition changes_;   ///< The phase or the link changed.
  Condition arrivals_;  ///< What `next` waits for changed.
  boost::asio::steady_timer pump_timer_;
};

}  // namespace hangar
