#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hangar {

/// What JetStream writes into the reply subject of a delivery, to which the answer goes.
struct AckSubject {
  std::string_view stream;
  std::string_view consumer;
  std::uint64_t deliveries = 0;  ///< 1 for the first.
  std::uint64_t stream_sequence = 0;
  std::uint64_t consumer_sequence = 0;
  std::chrono::sys_time<std::chrono::nanoseconds> stored{};
  std::uint64_t pending = 0;
};

/// Reads both forms, `$JS.ACK.<stream>.…` and the longer one with domain and account hash; nothing
/// when the subject has neither. The views are into `subject`.
std::optional<AckSubject> parse_ack_subject(std::string_view subject) noexcept;

}  // namespace hangar
