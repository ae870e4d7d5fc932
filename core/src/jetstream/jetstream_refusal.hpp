#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {

struct JetStreamAnswer;

/// JetStream's error codes that Hangar acts upon (`err_code`).
namespace jetstream_error {
inline constexpr std::int64_t account_resources_exceeded = 10002;
inline constexpr std::int64_t cluster_not_available = 10008;
inline constexpr std::int64_t consumer_not_found = 10014;
inline constexpr std::int64_t store_full = 10023;
inline constexpr std::int64_t no_message_found = 10037;
inline constexpr std::int64_t not_enabled_for_account = 10039;
inline constexpr std::int64_t insufficient_storage = 10047;
inline constexpr std::int64_t bad_configuration = 10052;
inline constexpr std::int64_t stream_name_in_use = 10058;
inline constexpr std::int64_t stream_not_found = 10059;
inline constexpr std::int64_t subjects_overlap = 10065;
inline constexpr std::int64_t wrong_last_sequence = 10071;
inline constexpr std::int64_t not_enabled = 10076;
inline constexpr std::int64_t stream_full = 10077;
inline constexpr std::int64_t max_bytes_required = 10113;
inline constexpr std::int64_t max_ack_pending_exceeded = 10121;
inline constexpr std::int64_t max_stream_bytes_exceeded = 10122;
}  // namespace jetstream_error

/// What JetStream refused, or did not confirm: the server's own words and code, and where the code
/// is known which limit that is and what mends it, for example a command with the name of this
/// stream.
std::string refusal_text(const JetStreamAnswer& answer, std::string_view stream);

/// Whether the same call would be refused again until a person has changed something; of a code
/// that is not known, what its HTTP-like code says.
bool refused_for_good(const JetStreamAnswer& answer);

/// Whether a smaller stream might not be refused.
bool refused_for_size(const JetStreamAnswer& answer) noexcept;

/// The number that a refusal gives as the limit: "… exceeds system limit of 1000".
std::optional<std::int64_t> limit_in(std::string_view description);

/// The time that it gives as the limit, in Go's form: "… larger then server limit of 1m0s".
std::optional<std::chrono::nanoseconds> time_limit_in(std::string_view description);

}  // namespace hangar
