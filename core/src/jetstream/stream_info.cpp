#include "jetstream/stream_info.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <cstddef>

#include "text/json_member.hpp"
#include "text/utc.hpp"

namespace json = boost::json;

namespace hangar {
namespace {

template <class T>
void read(const json::object& object, std::string_view name, T& target) {
  const json::value* found = object.if_contains(name);
  if (found && !found->is_null()) target = json::value_to<T>(*found);
}

void read(const json::object& object, std::string_view name, std::chrono::nanoseconds& target) {
  std::int64_t count = target.count();
  read(object, name, count);
  target = std::chrono::nanoseconds{count};
}

std::string_view next_token(std::string_view& subject) noexcept {
  const std::size_t dot = subject.find('.');
  const std::string_view token = subject.substr(0, dot);
  subject = dot == std::string_view::npos ? std::string_view{} : subject.substr(dot + 1);
  return token;
}

bool any_elements(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found && found->is_array() && !found->as_array().empty();
}

// A pattern of all that a transform may write: its places and functions stand for words.
std::string written_by(std::string_view destination) {
  if (destination.empty()) return ">";
  std::vector<std::string_view> words;
  while (!destination.empty()) {
    const std::string_view token = next_token(destination);
    const bool one_word = token.starts_with('$') || token.starts_with("{{wildcard(") ||
                          token.starts_with("{{partition(");
    const bool some_words = !one_word && token.find("{{") != std::string_view::npos;
    words.push_back(one_word ? "*" : some_words ? ">" : token);
    if (some_words) break;
  }
  return fmt::format("{}", fmt::join(words, "."));
}

/// Calls for a mirror's origin, or for each of the sources.
template <class Each>
void for_each_origin(const json::object& object, Each&& each) {
  if (const json::object& mirror = object_member(object, "mirror"); !mirror.empty()) each(mirror);
  const json::value* sources = object.if_contains("sources");
  if (sources == nullptr || !sources->is_array()) return;
  for (const json::value& source : sources->as_array()) {
    if (source.is_object()) each(source.as_object());
  }
}

/// The subjects that an origin, a mirror's or one of the sources, lets through, as they are stored
/// there; with a transform as it stores them.
std::vector<std::string> let_through(const json::object& origin) {
  std::vector<std::string> subjects;
  const json::value* transforms = origin.if_contains("subject_transforms");
  if (transforms && transforms->is_array()) {
    for (const json::value& each : transforms->as_array()) {
      if (!each.is_object()) continue;
      std::string from;
      std::string to;
      read(each.as_object(), "src", from);
      read(each.as_object(), "dest", to);  // none: as it is
      subjects.push_back(!to.empty() ? written_by(to) : from.empty() ? ">" : from);
    }
  }
  if (!subjects.empty()) return subjects;
  std::string filter;
  read(origin, "filter_subject", filter);
  if (filter.empty()) filter.push_back('>');
  subjects.push_back(std::move(filter));
  return subjects;
}

/// What an origin in this account stores; nothing where that is not known.
const std::vector<std::string>* stored_by(const json::object& origin, const StoredSubjects& known) {
  const auto found = known.find(text_member(origin, "name"));
  return found == known.end() || origin.contains("external") ? nullptr : &found->second;
}

std::vector<std::string> arriving_from(const json::object& origin, const StoredSubjects& known) {
  std::vector<std::string> through = let_through(origin);
  const auto* stored = stored_by(origin, known);
  const bool as_it_is =
      through.size() == 1 && through.front() == ">" && !any_elements(origin, "subject_transforms");
  return as_it_is && stored ? *stored : through;
}

std::vector<std::string> stored_subjects(const json::object& config,
                                         const std::vector<std::string>& subjects,
                                         const StoredSubjects& known) {
  std::vector<std::string> arriving = subjects;
  for_each_origin(config, [&](const json::object& origin) {
    std::ranges::move(arriving_from(origin, known), std::back_inserter(arriving));
  });
  const json::object& transform = object_member(config, "subject_transform");
  std::vector<std::string> stored;
  if (transform.empty()) {
    stored = std::move(arriving);
  } else {
    std::string from;
    std::string to;
    read(transform, "src", from);  // none: every subject
    read(transform, "dest", to);
    stored.push_back(written_by(to));
    std::ranges::copy_if(arriving, std::back_inserter(stored), [&](const std::string& subject) {
      return !from.empty() && !subject_covers(from, subject);
    });
  }
  const bool any = std::ranges::find(stored, ">") != stored.end();
  return any ? std::vector<std::string>{} : stored;
}

/// Where its messages come from when nobody publishes to it alone.
std::string fed_by(const json::object& config) {
  if (!object_member(config, "mirror").empty()) return "mirror";
  return any_elements(config, "sources") ? "sources" : "";
}

/// What is wrong with the mirror or the sources of the stream: what the server says, else a filter
/// that what is known of the origin does not meet.
std::string origin_trouble(const json::object& answer, const StoredSubjects& known) {
  std::string trouble;
  const auto note = [&](const json::object& origin, const std::string& why) {
    if (!trouble.empty() || why.empty()) return;
    trouble = fmt::format("nothing comes from stream {}: {}", text_member(origin, "name"), why);
  };
  for_each_origin(answer, [&](const json::object& origin) {
    note(origin, text_member(object_member(origin, "error"), "description"));
  });
  for_each_origin(object_member(answer, "config"), [&](const json::object& origin) {
    const std::string filter = text_member(origin, "filter_subject");
    const auto* stored = stored_by(origin, known);
    if (filter.empty() || stored == nullptr) return;
    const bool meets = std::ranges::any_of(
        *stored, [&](const std::string& subject) { return subjects_meet(subject, filter); });
    if (meets) return;
    note(origin,
         fmt::format("it stores {}, and {} is asked of it", fmt::join(*stored, ", "), filter));
  });
  return trouble;
}

/// A stream of another account or domain is not this connection's to look at.
std::vector<std::string> origins(const json::object& config) {
  std::vector<std::string> names;
  for_each_origin(config, [&](const json::object& origin) {
    std::string name = text_member(origin, "name");
    if (!name.empty() && !origin.contains("external")) names.push_back(std::move(name));
  });
  return names;
}

/// A leader hears from a peer each second, or that one is not there.
bool has_quorum(const json::object& cluster) {
  constexpr std::chrono::nanoseconds silent = std::chrono::seconds{4};
  const json::value* replicas = cluster.if_contains("replicas");
  if (replicas == nullptr || !replicas->is_array()) return true;
  const auto heard = std::ranges::count_if(replicas->as_array(), [&](const json::value& replica) {
    if (!replica.is_object()) return true;
    bool offline = false;
    std::chrono::nanoseconds active{};  // how long ago the leader heard from it
    read(replica.as_object(), "offline", offline);
    read(replica.as_object(), "active", active);
    return !offline && active < silent;
  });
  return static_cast<std::size_t>(2 * (heard + 1)) > replicas->as_array().size() + 1;
}

}  // namespace

StreamInfo to_stream_info(const json::object& answer, const StoredSubjects& known) {
  StreamInfo info;
  const json::object& config = object_member(answer, "config");
  read(config, "name", info.name);
  read(config, "subjects", info.subjects);
  info.stored_subjects = stored_subjects(config, info.subjects, known);
  info.fed_by = fed_by(config);
  info.origins = origins(config);
  info.origin_trouble = origin_trouble(answer, known);
  read(config, "storage", info.storage);
  read(config, "retention", info.retention);
  read(config, "discard", info.discard);
  read(config, "max_age", info.max_age);
  read(config, "duplicate_window", info.duplicate_window);
  read(config, "max_msgs", info.max_messages);
  read(config, "max_bytes", info.max_bytes);
  read(config, "max_msgs_per_subject", info.max_messages_per_subject);
  read(config, "max_msg_size", info.max_message_size);
  read(config, "num_replicas", info.replicas);
  info.has_quorum = has_quorum(object_member(answer, "cluster"));
  read(config, "sealed", info.sealed);
  read(config, "discard_new_per_subject", info.discard_new_per_subject);
  read(config, "no_ack", info.no_ack);
  read(answer, "created", info.created);
  read(answer, "ts", info.answered);
  const json::object& state = object_member(answer, "state");
  read(state, "messages", info.messages);
  read(state, "bytes", info.bytes);
  read(state, "first_seq", info.first_sequence);
  read(state, "last_seq", info.last_sequence);
  return info;
}

ConsumerInfo to_consumer_info(const json::object& answer) {
  ConsumerInfo info;
  const json::object& config = object_member(answer, "config");
  read(config, "durable_name", info.durable);
  read(config, "ack_policy", info.ack_policy);
  read(config, "deliver_policy", info.deliver_policy);
  read(config, "replay_policy", info.replay_policy);
  read(config, "deliver_subject", info.deliver_subject);
  read(config, "filter_subjects", info.filter_subjects);
  std::string filter;
  read(config, "filter_subject", filter);
  if (!filter.empty()) info.filter_subjects.push_back(filter);
  read(config, "ack_wait", info.ack_wait);
  read(config, "inactive_threshold", info.inactive_threshold);
  read(config, "max_deliver", info.max_deliver);
  read(config, "max_ack_pending", info.max_ack_pending);
  if (const json::value* backoff = config.if_contains("backoff"); backoff && backoff->is_array()) {
    info.backoff = backoff->as_array().size();
  }
  info.priority_groups = any_elements(config, "priority_groups");
  read(config, "max_bytes", info.max_request_bytes);
  read(config, "max_expires", info.max_request_expires);
  read(config, "headers_only", info.headers_only);
  read(config, "mem_storage", info.memory_storage);
  read(answer, "paused", info.paused);
  read(answer, "created", info.created);
  read(object_member(answer, "delivered"), "consumer_seq", info.deliveries);
  read(object_member(answer, "delivered"), "stream_seq", info.delivered_sequence);
  read(object_member(answer, "ack_floor"), "stream_seq", info.ack_floor);
  read(answer, "num_pending", info.pending);
  read(answer, "num_ack_pending", info.ack_pending);
  read(answer, "num_waiting", info.waiting);
  return info;
}

std::uint64_t stored_seconds(const json::object& answer) {
  std::string stored;
  read(object_member(answer, "message"), "time", stored);
  const auto time = parse_utc(stored);
  if (!time) return 0;
  const auto since_1970 = time->time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(since_1970).count());
}

bool same(const Incarnation& one, const Incarnation& other) noexcept {
  constexpr std::size_t up_to_seconds = std::string_view{"2026-01-01T00:00:00"}.size();
  return one.stream_created == other.stream_created &&
         std::string_view{one.consumer_created}.substr(0, up_to_seconds) ==
             std::string_view{other.consumer_created}.substr(0, up_to_seconds);
}

std::uint64_t lost_between(const Sighting& then, const Sighting& now) noexcept {
  const std::uint64_t next = then.consumer.delivered_sequence + 1;
  if (now.after.first_sequence <= next) return 0;
  // What did not match the filter was not lost.
  const auto reads = [&](const std::string& subject) {
    const auto& filters = now.consumer.filter_subjects;
    return filters.empty() || std::ranges::any_of(filters, [&](const std::string& filter) {
             return subject_covers(filter, subject);
           });
  };
  const bool reads_all = std::ranges::all_of(now.after.subjects, reads);
  const auto less = [](std::uint64_t from, std::uint64_t what) {
    return from > what ? from - what : 0;
  };
  const std::uint64_t published =
      reads_all ? less(now.before.last_sequence, then.after.last_sequence) : 0;
  const std::uint64_t delivered = less(now.consumer.deliveries, then.consumer.deliveries);
  const std::uint64_t lost =
      less(then.consumer.pending + published, now.consumer.pending + delivered);
  return std::min(lost, now.after.first_sequence - next);
}

bool settled(const ConsumerInfo& consumer, std::uint64_t target) noexcept {
  // The floor stands still where later messages do not match the filter.
  return consumer.ack_floor >= target || (consumer.pending == 0 && consumer.ack_pending == 0);
}

bool subject_covers(std::string_view pattern, std::string_view subject) noexcept {
  while (!pattern.empty() && !subject.empty()) {
    const std::string_view wanted = next_token(pattern);
    const std::string_view token = next_token(subject);
    if (wanted == ">") return true;
    if (token == ">" || (wanted != "*" && wanted != token)) return false;
  }
  return pattern.empty() && subject.empty();
}

bool subjects_meet(std::string_view one, std::string_view other) noexcept {
  while (!one.empty() && !other.empty()) {
    const std::string_view a = next_token(one);
    const std::string_view b = next_token(other);
    if (a == ">" || b == ">") return true;
    if (a != "*" && b != "*" && a != b) return false;
  }
  return one.empty() && other.empty();
}

std::string stream_subject(std::string_view stream, std::string_view filter) {
  constexpr std::string_view prefix = "PREFECT_";
  if (stream.starts_with(prefix) && stream.size() > prefix.size()) {
    const std::string topic{stream.substr(prefix.size())};
    std::string subject = fmt::format("prefect.{}.>", boost::algorithm::to_lower_copy(topic));
    if (filter.empty() || subject_covers(subject, filter)) return subject;
  }
  return std::string{filter};
}

}  // namespace hangar
