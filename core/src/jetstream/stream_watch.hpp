#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "jetstream/consumer_lag.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// Sees every 15 s how far behind the consumers of some streams are, over a connection of its own.
/// For one strand; its coroutines keep it alive.
class StreamWatch : public std::enable_shared_from_this<StreamWatch> {
 public:
  /// Begins to connect. `log` outlives it.
  static std::shared_ptr<StreamWatch> start(const boost::asio::any_io_executor& executor,
                                            const NatsConfig& nats, const std::string& service,
                                            std::vector<std::string> streams, Log& log);

  StreamWatch(const boost::asio::any_io_executor& executor, std::vector<std::string> streams,
              Log& log)
      : streams_{std::move(streams)}, log_{log}, changed_{executor} {}

  /// Within about 10 s.
  boost::asio::awaitable<void> close();

  /// As seen last; nothing of a stream that could not be looked at. For any thread; lives as long
  /// as the holder wants.
  [[nodiscard]] std::shared_ptr<const ConsumerLags> lags() const { return lags_; }

 private:
  boost::asio::awaitable<void> watch();
  boost::asio::awaitable<void> look();
  boost::asio::awaitable<std::vector<ConsumerInfo>> consumers_of(std::string stream);

  std::vector<std::string> streams_;
  Log& log_;
  std::shared_ptr<ConsumerLags> lags_ = std::make_shared<ConsumerLags>();
  std::shared_ptr<Link> link_;
  Condition changed_;    ///< The connection came or went, or this is closed.
  std::string trouble_;  ///< What kept it from looking the last time.
  bool closed_ = false;
};

}  // namespace hangar
