#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hangar/host.hpp"
#include "nats/jetstream_health.hpp"
#include "storage/storage_outcome.hpp"

namespace hangar {

/// What was seen of a running host at one moment: values, which no thread changes.
struct Observation {
  using Time = std::chrono::sys_seconds;

  /// SourceCounters of one consumer, over every run of its service.
  struct Source {
    std::string stream;
    std::string consumer;
    std::uint64_t received = 0;
    std::uint64_t redelivered = 0;
    std::uint64_t acked = 0;
    std::uint64_t given_back = 0;
    std::uint64_t rejected = 0;
    std::uint64_t abandoned = 0;
    std::uint64_t held = 0;
    std::uint64_t held_bytes = 0;
    std::uint64_t letters = 0;  ///< Rejected messages whose dead letter is not stored yet.
    std::uint64_t stored_letters = 0;
    std::uint64_t stored_letter_bytes = 0;
    std::uint64_t most_letter_bytes = 0;
    std::uint64_t reconnects = 0;
    std::uint64_t pending = 0;
    std::uint64_t ack_pending = 0;
    std::uint64_t waiting_pulls = 0;
    std::uint64_t lag_seconds = 0;  ///< Age of the oldest message that is not acked.
    std::uint64_t expired_unacked = 0;
    std::uint64_t upstream_lost = 0;
    bool connected = false;
    JetStreamHealth::Trouble trouble = JetStreamHealth::Trouble::none;
    bool letters_stuck = false;    ///< So many of them that nothing more is recorded.
    bool letters_refused = false;  ///< The server refuses to make a stream for them.
    bool acks_denied = false;      ///< The user may not publish what acks a message.
    bool pulls_denied = false;     ///< Nor what asks for messages.
  };
  struct Service {
    std::string name;
    std::string version;
    ServiceState state = ServiceState::stopped;
    Time since{};
    std::string last_error;
    std::string trouble;  ///< What keeps it from its work while it runs.
    Source source;
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
