#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hangar/host.hpp"
#include "jetstream/consumer_lag.hpp"
#include "source/source_counters.hpp"
#include "storage/storage_outcome.hpp"

namespace hangar {

/// What was seen of a running host at one moment: values, which no thread changes.
struct Snapshot {
  using Time = std::chrono::sys_seconds;

  /// The numbers of one consumer, over every run of its service.
  struct Source : SourceNumbers<std::uint64_t> {
    std::string name;   ///< What the service calls it.
    std::string title;  ///< The service's name, and its own unless that is `main`.
    std::string stream;
    std::string consumer;
    std::string obstacle;          ///< What went wrong last on the way to its messages.
    std::string letters_obstacle;  ///< Why a dead letter is not stored, and what mends it.
    std::uint64_t reconnects = 0;
    /// Age of the oldest message that this host holds, else of the oldest that nobody has acked.
    std::uint64_t lag_seconds = 0;
  };
  /// A connection of a service beside those of its sources: its publisher's, say.
  struct Connection {
    std::string name;   ///< `publisher`, `leases`, or `consumer <durable>` of one that it steers.
    std::string title;  ///< What messages call it.
    bool connected = false;
    std::string obstacle;  ///< Why it is not, or cannot be used; empty when it can.
  };
  struct Service {
    std::string name;
    std::string version;
    ServiceState state = ServiceState::stopped;
    Time since{};
    bool goes_on_without_storage = false;
    std::string last_error;
    std::string trouble;         ///< What keeps it from its work while it runs.
    std::uint64_t restarts = 0;  ///< How often it was started again after it had failed.
    std::vector<Source> sources;
    std::vector<Connection> connections;
    std::vector<ConsumerLag> watched;              ///< The consumers of streams that it watches.
    std::map<std::string, std::string> listeners;  ///< The addresses that are bound, by name.
  };
  /// How often each result of one kind of operation was seen, and how long the operations took.
  struct Operations {
    static constexpr std::array bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                       0.1,   0.25,   0.5,   1.0,  2.5,   10.0};
    std::array<std::uint64_t, StorageOutcome::results.size()> results{};
    std::array<std::uint64_t, bounds.size() + 1> took{};  ///< The last is beyond every bound.
    double seconds = 0;
  };
  struct Storage {
    std::string type;
    /// Whether the last operation found the storage unable to answer.
    bool down = false;
    std::string last_error;
    Time last_error_at{};
    std::array<Operations, StorageOutcome::operations.size()> operations{};
  };

  std::vector<Service> services;
  Storage storage;
  std::vector<std::string> nats_urls;  ///< Without passwords; empty until the broker is there.
  bool draining = false;
  /// How long the event loop has not ticked; null when it is as it should be.
  std::chrono::seconds stuck_for{};
};

}  // namespace hangar
