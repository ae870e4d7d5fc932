#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hangar {

/// A stream as the server describes it in `$JS.API.STREAM.INFO`.
struct StreamInfo {
  StreamInfo() = default;

  std::string name;
  std::vector<std::string> subjects;
  /// What its messages have for a subject: `subjects` and what its mirror or sources let through,
  /// or what its subject_transform makes of them. Empty when that may be anything.
  std::vector<std::string> stored_subjects;
  /// The setting that names the streams that its messages come from, `mirror` or `sources`; or
  /// empty.
  std::string fed_by;
  /// The names of those of them that this account can look at.
  std::vector<std::string> origins;
  /// Why nothing comes from one of those; empty when nothing is known to be wrong.
  std::string origin_trouble;
  std::string storage = "file";
  std::string retention = "limits";
  std::string discard = "old";
  std::chrono::nanoseconds max_age{};
  std::chrono::nanoseconds duplicate_window{};
  std::int64_t max_messages = -1;
  std::int64_t max_bytes = -1;
  std::int64_t max_messages_per_subject = -1;
  std::int64_t max_message_size = -1;
  std::int64_t replicas = 1;
  /// Whether its leader hears most of its peers. One that was cut off from them answers for 20 s.
  bool has_quorum = true;
  bool sealed = false;
  /// A full subject refuses what comes then, where otherwise it drops its oldest message.
  bool discard_new_per_subject = false;
  bool no_ack = false;  ///< Nobody who publishes to it is told whether it is stored.
  /// Tells a stream from a later one of the same name.
  std::string created;
  std::string answered;  ///< By the server's clock; empty of a server before 2.10.
  std::uint64_t messages = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t bytes = 0;
};

/// A consumer as the server describes it in `$JS.API.CONSUMER.INFO`.
struct ConsumerInfo {
  std::string durable;
  std::string ack_policy = "none";
  std::string deliver_policy = "all";
  std::string replay_policy = "instant";
  std::string deliver_subject;  ///< Of a push consumer.
  std::vector<std::string> filter_subjects;
  std::chrono::nanoseconds ack_wait{};
  std::chrono::nanoseconds inactive_threshold{};
  std::int64_t max_deliver = -1;
  std::int64_t max_ack_pending = 0;
  std::size_t backoff = 0;                         ///< How many steps.
  std::int64_t max_request_bytes = 0;              ///< Of one pull; 0 and less are no limit.
  std::chrono::nanoseconds max_request_expires{};  ///< How long one pull may wait; 0: no limit.
  bool headers_only = false;
  bool memory_storage = false;
  bool priority_groups = false;  ///< Only a pull that names a group is answered.
  bool paused = false;
  std::string created;
  std::uint64_t deliveries = 0;          ///< How many there were, repeated ones included.
  std::uint64_t delivered_sequence = 0;  ///< The last position in the stream that was delivered.
  std::uint64_t ack_floor = 0;           ///< Every position up to this one is settled.
  std::uint64_t pending = 0;             ///< Not delivered yet.
  std::uint64_t ack_pending = 0;         ///< Delivered and not acked.
  std::uint64_t waiting = 0;             ///< Pulls that wait.
};

/// What streams store, by their name, as `StreamInfo::stored_subjects`; without those where that
/// may be anything.
using StoredSubjects = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Reads an answer of the server; what it leaves out has its default. `known` is of its origins.
/// Throws on a wrong type.
StreamInfo to_stream_info(const boost::json::object& answer, const StoredSubjects& known = {});
ConsumerInfo to_consumer_info(const boost::json::object& answer);

/// When a message of `$JS.API.STREAM.MSG.GET` was stored, in seconds since 1970.
std::uint64_t stored_seconds(const boost::json::object& answer);

/// Stream and consumer as two creation times. Acks and sequences of one mean nothing to another.
struct Incarnation {
  std::string stream_created;
  std::string consumer_created;
};

/// Whether both are the same stream and consumer. nats-server 2.9 tells another time of a consumer
/// after its first restart, later by some microseconds, so that time counts only in seconds.
bool same(const Incarnation& one, const Incarnation& other) noexcept;

/// A stream and its consumer as they were seen one after the other, the stream twice because nobody
/// can see both at the same moment.
struct Sighting {
  StreamInfo before;
  ConsumerInfo consumer;
  StreamInfo after;
};

/// How many messages the stream has dropped, between two sightings of one incarnation, before any
/// replica was given them: by its limits or because somebody purged it. At least so many; exactly
/// so many when all of the stream's subjects match the filter, nothing was published meanwhile and
/// nothing delivered twice.
std::uint64_t lost_between(const Sighting& then, const Sighting& now) noexcept;

/// Whether nothing up to `target` is left to do: delivered and acked, by whichever replica.
bool settled(const ConsumerInfo& consumer, std::uint64_t target) noexcept;

/// Whether every subject that `subject` can match is matched by `pattern`.
bool subject_covers(std::string_view pattern, std::string_view subject) noexcept;

/// Whether some subject matches both patterns.
bool subjects_meet(std::string_view one, std::string_view other) noexcept;

/// The subjects of a stream that is to be created: `PREFECT_<TOPIC>` listens on
/// `prefect.<topic>.>` where that covers the filter, any other stream on the filter alone.
std::string stream_subject(std::string_view stream, std::string_view filter);

}  // namespace hangar
