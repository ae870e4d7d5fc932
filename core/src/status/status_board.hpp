#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/needs.hpp"
#include "jetstream/consumer_lag.hpp"
#include "jetstream/link_state.hpp"
#include "source/source_counters.hpp"
#include "status/snapshot.hpp"

namespace hangar {

/// Where the host writes what the admin surface reads. Thread-safe: no call waits for the event
/// loop, and a reader holds the lock for the copying of a few values.
class StatusBoard {
 public:
  using Clock = std::chrono::steady_clock;
  /// Without a tick for so long the loop is stuck; it may begin so late.
  static constexpr std::chrono::seconds tick_limit{10};
  static constexpr std::chrono::seconds start_limit{60};

  explicit StatusBoard(Clock::time_point now);

  /// Announces a service, so that its numbers are there, as zeros, before it runs.
  void add_service(std::string name, std::string release, const Needs& needs);
  void set_state(std::string_view service, ServiceState state, std::string_view failure);
  void count_restart(std::string_view service);
  /// The counters of a further run of a source of the service; they are added to those of earlier
  /// ones.
  void add_source(std::string_view service, std::string_view source,
                  std::shared_ptr<const SourceCounters> counters);
  /// How the present run's connection of that name is.
  void add_connection(std::string_view service, std::string_view connection,
                      std::shared_ptr<const LinkState> state);
  /// How far behind the consumers are that the present run watches.
  void add_watch(std::string_view service, std::shared_ptr<const ConsumerLags> lags);
  void set_listener(std::string_view service, const std::string& listener, std::string address);
  /// Known when the configuration is loaded; empty before.
  void set_storage_type(std::string type);
  void set_nats_urls(std::vector<std::string> urls);
  void set_draining();
  void record(const StorageOutcome& outcome);
  /// The event loop calls it at least once a second.
  void tick(Clock::time_point now);

  [[nodiscard]] Snapshot snapshot(Clock::time_point now) const;

 private:
  struct Entry {
    Snapshot::Service service;
    /// Of each of its sources the last two; what earlier ones counted is in `service`.
    std::vector<std::vector<std::shared_ptr<const SourceCounters>>> counters;
    std::map<std::string, std::shared_ptr<const LinkState>, std::less<>> links;
    std::shared_ptr<const ConsumerLags> watched;  ///< Null before the first run.
  };
  Entry* find(std::string_view service);

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  Snapshot seen_;  ///< Without the services.
  Clock::time_point alive_until_;
};

}  // namespace hangar
