#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <vector>

#include "api/service_consumer.hpp"
#include "hangar/log.hpp"
#include "hangar/needs.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/link_state.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// The configuration of a consumer with these filter subjects in the place of its own. Pure.
boost::json::object with_filter(boost::json::object config,
                                const std::vector<std::string>& subjects);

/// Why a server before 2.10 would deliver something else than these filter subjects say that are to
/// take the place of `before`; empty when it would not. Pure.
std::string filter_fault(const std::vector<std::string>& before,
                         const std::vector<std::string>& subjects);

/// A consumer that a service steers, over a connection of its own. For one strand; its coroutines
/// keep it alive.
class SteeredConsumer final : public ServiceConsumer,
                              public std::enable_shared_from_this<SteeredConsumer> {
 public:
  /// Begins to connect. `log` outlives it.
  static std::shared_ptr<SteeredConsumer> start(const boost::asio::any_io_executor& executor,
                                                const NatsConfig& nats, const std::string& service,
                                                Steers which, Log& log);

  SteeredConsumer(boost::asio::any_io_executor executor, Steers which)
      : executor_{std::move(executor)}, which_{std::move(which)}, changed_{executor_} {}

  boost::asio::awaitable<ConsumerPosition> info() override;
  boost::asio::awaitable<void> filter(std::vector<std::string> subjects) override;
  /// Within about 10 s.
  boost::asio::awaitable<void> close() override;

  /// For any thread; lives as long as the holder wants.
  [[nodiscard]] std::shared_ptr<const LinkState> state() const { return state_; }

 private:
  /// Sees every few seconds whether the consumer is there, until `close`.
  boost::asio::awaitable<void> watch();
  boost::asio::awaitable<JetStreamAnswer> ask();
  boost::asio::awaitable<JetStreamAnswer> put(boost::json::object config);
  [[nodiscard]] std::string title() const;

  boost::asio::any_io_executor executor_;
  Steers which_;
  std::shared_ptr<LinkState> state_ = std::make_shared<LinkState>();
  std::shared_ptr<Link> link_;
  Condition changed_;  ///< The connection came or went, or this is closed.
  bool closed_ = false;
};

}  // namespace hangar
