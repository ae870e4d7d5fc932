#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "hangar/callable.hpp"
#include "hangar/event.hpp"
#include "hangar/lease.hpp"
#include "hangar/log.hpp"
#include "hangar/metrics.hpp"
#include "jetstream/link_state.hpp"
#include "jetstream/stream_setup.hpp"
#include "lease/lease_term.hpp"
#include "log/rate_limit.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// The periodic work of one service, over a connection of its own. A host writes itself into a
/// lease only in the place of the message that it has read (`Nats-Expected-Last-Subject-Sequence`),
/// so that of two that try, one does. For one strand; its coroutines keep it alive.
class Leases : public std::enable_shared_from_this<Leases> {
 public:
  using Work = Callable<boost::asio::awaitable<void>(const Lease&)>;

  /// Begins to connect. `log` and `metrics` outlive it.
  static std::shared_ptr<Leases> start(const boost::asio::any_io_executor& executor,
                                       const NatsConfig& nats, std::string service, Log& log,
                                       Metrics& metrics);

  /// Returns when the stream is there, for as long as that takes, or after `stop`. Throws
  /// ConfigError when it cannot be made.
  boost::asio::awaitable<void> open();
  /// As `Context::every` has it, until `stop`. Throws std::logic_error for a lease that is in use.
  boost::asio::awaitable<void> every(std::string lease, std::chrono::milliseconds period,
                                     Work work);
  /// No work is begun from now on.
  void stop();
  /// Waits for work that runs, gives the leases back and disconnects.
  boost::asio::awaitable<void> close();

  /// For any thread; lives as long as the holder wants.
  [[nodiscard]] std::shared_ptr<const LinkState> state() const { return state_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Turn;

  Leases(boost::asio::any_io_executor executor, const NatsConfig& nats, std::string service,
         Log& log, Metrics& metrics);

  boost::asio::awaitable<void> work_until_stopped(Turn& turn, std::chrono::milliseconds period,
                                                  const Work& work);
  boost::asio::awaitable<void> keep(std::shared_ptr<Turn> turn);
  boost::asio::awaitable<void> renew(Turn& turn);
  boost::asio::awaitable<void> give_back(Turn& turn);
  boost::asio::awaitable<LeaseEntry> read(const Turn& turn);
  /// The sequence of what was written; nothing when another host was faster.
  boost::asio::awaitable<std::optional<std::uint64_t>> write(const Turn& turn, std::string holder,
                                                             std::uint64_t in_place_of);
  void warn(const std::string& what, const std::string& problem);
  /// Of several leases that cannot be kept the first is told.
  void show_obstacle();

  boost::asio::any_io_executor executor_;
  StreamConfig stream_;
  std::string service_;
  Log& log_;
  Metrics& metrics_;
  std::shared_ptr<LinkState> state_ = std::make_shared<LinkState>();
  std::shared_ptr<Link> link_;
  Condition changed_;  ///< The connection, a lease, or what is to be done.
  RateLimit seldom_{std::chrono::seconds{10}};
  std::set<std::string> in_use_;
  std::map<std::string, std::string> obstacles_;  ///< By lease; empty when it was written last.
  bool stopping_ = false;
};

}  // namespace hangar
