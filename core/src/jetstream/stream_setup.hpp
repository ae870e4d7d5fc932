#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "hangar/source.hpp"
#include "jetstream/stream_info.hpp"
#include "jetstream/stream_lint.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// The stream that dead letters go to, on `hangar.dlq.>`.
inline constexpr const char* dead_letter_stream = "HANGAR_DLQ";
/// Prefect sends up to 1.5 MB; NATS takes 1 MiB unless it is told otherwise.
inline constexpr std::uint64_t wanted_max_payload = 2U << 20U;

/// A stream or consumer is not there, and was not to be created.
class AbsentError : public TransientError {
 public:
  explicit AbsentError(const std::string& what) : TransientError{what, Retry::backoff} {}
};

enum class WhenAbsent { create, fail };

/// A stream to create when it is absent.
struct StreamConfig {
  StreamConfig() = default;
  StreamConfig(std::string its_name, std::string its_subject)
      : name{std::move(its_name)}, subject{std::move(its_subject)} {}

  std::string name;
  std::string subject;
  std::int64_t replicas = 1;
  std::chrono::nanoseconds max_age{};
  std::chrono::nanoseconds duplicate_window = std::chrono::minutes{5};
  std::int64_t max_bytes = -1;                 ///< -1: no limit.
  std::int64_t max_messages_per_subject = -1;  ///< The same.
  bool drops_oldest = false;                   ///< When it is full; else it takes nothing more.
};

/// Where a consumer begins that re-applies what the stream holds.
struct StreamStart {
  std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> since;
  std::uint64_t sequence = 1;  ///< Without `since` only.
};

/// The most messages that a source for it holds.
inline std::size_t credit_messages(const SourceOptions& source) noexcept {
  // Enough for two batches of the default size and one that is being written.
  constexpr std::size_t least = 4000;
  return std::max(least, (source.lanes + 1) * source.batch_size);
}

/// A durable pull consumer to create when it is absent.
struct ConsumerConfig {
  ConsumerConfig() = default;
  ConsumerConfig(std::string its_durable, std::string its_filter)
      : durable{std::move(its_durable)}, filter{std::move(its_filter)} {}

  std::string durable;
  std::string filter;      ///< Empty: every subject of the stream.
  std::size_t credit = 0;  ///< The most messages that one replica holds.
  /// For one that nobody needs any more when it is not used for some minutes.
  std::optional<StreamStart> start{};
};

/// What one is told whose subjects the stream `other` takes.
std::string describe_overlap(const std::string& other, const std::string& subject);

/// What is said of a stream that was created: a wrong place shows by that.
std::string describe_creation(const std::string& stream, const std::string& server,
                              const std::string& domain);

/// Returns the stream, created when it was absent, which is said in a warning (not of the embedded
/// server, where it is nothing to wonder at), and as it is otherwise. A limit that the server names
/// on its size or its duplicate window is taken. Throws ConfigError or TransientError, AbsentError
/// when it is absent and not to be created.
boost::asio::awaitable<StreamInfo> ensure_stream(Link& link, StreamConfig wanted,
                                                 WhenAbsent when_absent);
/// The same for a consumer, of the server's limit on `max_ack_pending`. One that is there is never
/// altered.
boost::asio::awaitable<ConsumerInfo> ensure_consumer(Link& link, std::string stream,
                                                     ConsumerConfig wanted, WhenAbsent when_absent);

/// What is made to see whether it can be: of this name, so that permissions can name it and what a
/// process left behind that was killed is deleted by the next.
inline constexpr const char* trial_name = "hangar-doctor";
struct CreationTrial {
  std::string refusal;   ///< Empty when it was made, and deleted again.
  bool of_size = false;  ///< A smaller one might be made.
  std::string created;   ///< When, by the server's clock.
};
/// Makes a stream like that one, but on a subject that nobody publishes to, and deletes it: only
/// the server knows what it has room for. Throws TransientError when nobody answers or this user
/// may not.
boost::asio::awaitable<CreationTrial> try_stream(Link& link, StreamConfig wanted);
/// The same of a consumer of the stream.
boost::asio::awaitable<CreationTrial> try_consumer(Link& link, std::string stream,
                                                   ConsumerConfig wanted);

/// Deletes the consumer and all that it knows; one that is not there is no error.
boost::asio::awaitable<void> delete_consumer(Link& link, std::string stream, std::string durable);

/// The dead-letter stream that is to be: it takes `nats.dlq_max_bytes` and refuses what comes then,
/// and a cap of `nats.max_age` does not apply to it.
StreamConfig dead_letter_config(const NatsConfig& nats);

/// Why no letter is to be stored in this stream; empty when they may be.
std::string dead_letter_refusal(const StreamInfo& stream, std::uint64_t max_payload);

struct DeadLetterStream {
  StreamInfo info;
  std::string refusal;  ///< Why nothing is to be stored there; without a name: why there is none.
};
/// The stream of this config as `ensure_stream` does it, only that what the server refuses is told
/// and not thrown, and so is why one that is there must not be used: events can be recorded
/// without.
boost::asio::awaitable<DeadLetterStream> ensure_dead_letter_stream(Link& link, StreamConfig wanted,
                                                                   WhenAbsent when_absent);

/// The stream as it is now; throws as above, also when it is not there.
boost::asio::awaitable<StreamInfo> stream_info(Link& link, std::string stream);
/// The name of a stream that takes messages of the subject; empty when there is none. Throws
/// TransientError when nobody answers.
boost::asio::awaitable<std::string> stream_on(Link& link, std::string subject);
/// When the first message behind `sequence` that matches `filter` was stored, in seconds since
/// 1970; 0 when there is none.
boost::asio::awaitable<std::uint64_t> stored_after(Link& link, std::string stream,
                                                   std::uint64_t sequence, std::string filter);
/// The consumer as it is now; throws as above, also when it is not there.
boost::asio::awaitable<ConsumerInfo> consumer_info(Link& link, std::string stream,
                                                   std::string durable);

}  // namespace hangar
