#include "jetstream/stream_lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace hangar {
namespace {

using namespace std::chrono_literals;
constexpr auto refuse = Finding::Severity::refuse;
constexpr auto warn = Finding::Severity::warn;
// What the server stores beside a dead letter: its record, the subject and a checksum.
constexpr std::int64_t beside_a_letter = 512;

constexpr std::int64_t largest_event = 2 << 20;

auto adds_to(std::vector<Finding>& found) {
  return [&found](bool at_fault, Finding::Severity severity, const char* field, std::string problem,
                  const std::string& fix) {
    if (at_fault) found.push_back({severity, field, std::move(problem), fix});
  };
}

bool delivers(const StreamInfo& stream, const ConsumerInfo& consumer, const std::string& filter) {
  const auto& filters = consumer.filter_subjects;
  if (filter.empty()) return filters.empty();
  // No filter at all is as good as a filter on the only subject of the stream.
  const auto& effective = filters.empty() ? stream.subjects : filters;
  return effective.size() == 1 && effective.front() == filter;
}

std::string joined(const std::vector<std::string>& words) {
  return words.empty() ? "every subject" : fmt::format("{}", fmt::join(words, ", "));
}

// The letters and the marks of `hangar dlq force`.
bool takes_letters(const std::vector<std::string>& subjects) {
  constexpr std::array wanted{"hangar.dlq.*", "hangar.dlq.force.*"};
  return std::ranges::all_of(wanted, [&](const char* subject) {
    return std::ranges::any_of(
        subjects, [&](const std::string& taken) { return subject_covers(taken, subject); });
  });
}

// A stream may not have two subjects that meet.
std::vector<std::string> with_letters(std::vector<std::string> subjects) {
  constexpr const char* letters = "hangar.dlq.>";
  std::erase_if(subjects, [](const std::string& taken) { return subjects_meet(taken, letters); });
  subjects.emplace_back(letters);
  return subjects;
}

std::int64_t as_signed(std::uint64_t bytes) noexcept {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(bytes, std::numeric_limits<std::int64_t>::max()));
}

}  // namespace

std::vector<Finding> lint_stream(const StreamInfo& stream, std::chrono::nanoseconds max_age) {
  const std::string edit = fmt::format("nats stream edit {} ", stream.name);
  const std::string copy = fmt::format(
      "nats stream backup {0} {0}.backup, then change {0}.backup and `nats stream restore` it",
      stream.name);
  std::vector<Finding> found;
  const auto check = adds_to(found);
  check(stream.storage != "file", warn, "storage",
        "events are lost when the server restarts: the storage is " + stream.storage, copy);
  check(stream.retention != "limits", warn, "retention",
        fmt::format("acked events are deleted ({}): they cannot be replayed", stream.retention),
        copy);
  check(stream.discard != "new", warn, "discard",
        "a full stream silently drops its oldest events, recorded or not", edit + "--discard=new");
  check(stream.max_age > 0ns && stream.max_age < std::min<std::chrono::nanoseconds>(168h, max_age),
        warn, "max_age",
        fmt::format("events are deleted after {} s, recorded or not",
                    std::chrono::duration_cast<std::chrono::seconds>(stream.max_age).count()),
        edit + "--max-age=7d");
  check(stream.max_messages_per_subject > 0, warn, "max_msgs_per_subject",
        stream.discard == "new" && stream.discard_new_per_subject
            ? fmt::format("a subject with {} events takes no more", stream.max_messages_per_subject)
            : "later events push earlier ones of the same subject out",
        edit + "--max-msgs-per-subject=-1");
  check(stream.max_messages > 0, warn, "max_msgs",
        fmt::format("the stream takes {} messages at most", stream.max_messages),
        edit + "--max-msgs=-1");
  check(stream.max_message_size > 0 && stream.max_message_size < largest_event, warn,
        "max_msg_size",
        fmt::format("events over {} bytes are refused; {}", stream.max_message_size, prefect_sends),
        edit + "--max-msg-size=-1");
  check(stream.duplicate_window < 2min, warn, "duplicate_window",
        "a publisher that tries again stores an event twice (recorded once all the same)",
        edit + "--dupe-window=5m");
  check(stream.sealed, warn, "sealed", "the stream takes no new events", copy);
  check(stream.no_ack, warn, "no_ack", "who publishes an event is not told whether it is stored",
        edit + "--ack");
  check(!stream.origin_trouble.empty(), warn, stream.fed_by.c_str(), stream.origin_trouble,
        fmt::format("nats stream info {} shows where its messages are to come from", stream.name));
  return found;
}

std::vector<Finding> lint_subjects(const StreamInfo& stream, const std::string& filter) {
  const auto& stored = stream.stored_subjects;
  const bool shares = filter.empty() || stored.empty() ||
                      std::ranges::any_of(stored, [&](const std::string& subject) {
                        return subjects_meet(subject, filter);
                      });
  if (shares) return {};
  if (!stream.fed_by.empty()) {
    return {{refuse, stream.fed_by,
             fmt::format("the stream stores {}, and filter_subject is {}: no event would ever come",
                         joined(stored), filter),
             fmt::format("set filter_subject or stream of the service, or let {} come: streams "
                         "that {} names in its {} must take it, and their filter or transform "
                         "there let it through",
                         filter, stream.name, stream.fed_by)}};
  }
  const bool transformed = stored != stream.subjects;
  return {{refuse, transformed ? "subject_transform" : "subjects",
           fmt::format("the stream {} {}, and filter_subject is {}: no event would ever come",
                       transformed ? "stores its messages as" : "takes", joined(stored), filter),
           fmt::format("set filter_subject or stream of the service, or nats stream edit {} "
                       "--subjects={},{}",
                       stream.name, fmt::join(stream.subjects, ","), filter)}};
}

std::vector<Finding> lint_dead_letters(const StreamInfo& stream, std::uint64_t max_payload) {
  const std::string edit = fmt::format("nats stream edit {} ", stream.name);
  const std::string anew =
      fmt::format("hangar dlq export, then nats stream rm {}: Hangar makes it anew", stream.name);
  std::vector<Finding> found;
  const auto check = adds_to(found);
  const bool has_limit = stream.max_bytes > 0 || stream.max_messages > 0;
  check(has_limit && stream.discard != "new", refuse, "discard",
        fmt::format("a full {} silently drops its oldest dead letters", stream.name),
        edit + "--discard=new");
  check(stream.max_messages_per_subject > 0 &&
            !(stream.discard == "new" && stream.discard_new_per_subject),
        refuse, "max_msgs_per_subject",
        fmt::format("later dead letters of {} push earlier ones of the same service out",
                    stream.name),
        edit + "--max-msgs-per-subject=-1");
  check(stream.retention != "limits", refuse, "retention",
        fmt::format("{} does not keep dead letters: its retention is {}", stream.name,
                    stream.retention),
        anew);
  check(!takes_letters(stream.subjects) ||
            !(stream.stored_subjects.empty() || takes_letters(stream.stored_subjects)),
        refuse, "subjects",
        fmt::format("{} does not take hangar.dlq.>, which dead letters are sent to", stream.name),
        fmt::format("{}--subjects={}", edit, fmt::join(with_letters(stream.subjects), ",")));
  check(stream.sealed, refuse, "sealed", fmt::format("{} takes no new letters", stream.name), anew);
  check(stream.no_ack, refuse, "no_ack",
        fmt::format("{} does not tell whether a dead letter is stored", stream.name),
        edit + "--ack");
  check(stream.max_message_size > 0 &&
            stream.max_message_size < std::min(as_signed(max_payload), largest_event),
        refuse, "max_msg_size",
        fmt::format("{} refuses dead letters over {} bytes: the event of one that is larger waits "
                    "for ever",
                    stream.name, stream.max_message_size),
        edit + "--max-msg-size=-1");
  check(stream.storage != "file", warn, "storage",
        fmt::format("dead letters of {} are lost when the server restarts", stream.name), anew);
  check(stream.max_age > 0ns, warn, "max_age",
        fmt::format("dead letters of {} are deleted, looked at or not", stream.name),
        edit + "--max-age=0");
  check(stream.max_bytes <= 0, warn, "max_bytes",
        fmt::format("without a limit {} can fill the server's disk", stream.name),
        edit + "--discard=new --max-bytes=256MiB");
  check(stream.max_bytes > 0 && stream.max_bytes - beside_a_letter < as_signed(max_payload), warn,
        "max_bytes",
        fmt::format("a dead letter can have {} bytes, and {} takes {}: the event of one that is "
                    "larger waits for ever",
                    max_payload, stream.name, stream.max_bytes),
        edit + "--max-bytes=256MiB");
  return found;
}

std::uint64_t room_for_a_letter(const StreamInfo& stream) noexcept {
  std::int64_t room = std::numeric_limits<std::int64_t>::max();
  if (stream.max_message_size > 0) room = stream.max_message_size;
  if (stream.max_bytes > 0)
    room = std::min(room, std::max<std::int64_t>(stream.max_bytes - beside_a_letter, 0));
  return static_cast<std::uint64_t>(room);
}

std::vector<Finding> lint_consumer(const StreamInfo& stream, const ConsumerInfo& consumer,
                                   const std::string& filter, std::size_t credit) {
  const std::string name = fmt::format("{} {}", stream.name, consumer.durable);
  const std::string edit = fmt::format("nats consumer edit {} ", name);
  const std::string remove = fmt::format(
      "nats consumer rm {} --force, then start Hangar: it creates the consumer and "
      "records every event of the stream again, which changes nothing",
      name);
  std::vector<Finding> found;
  const auto check = adds_to(found);
  check(!consumer.deliver_subject.empty(), refuse, "deliver_subject",
        "it is a push consumer and cannot be pulled from", remove);
  check(consumer.ack_policy != "explicit", refuse, "ack_policy",
        fmt::format("it is `{}`: events count as recorded before they are", consumer.ack_policy),
        remove);
  check(consumer.max_deliver >= 1, refuse, "max_deliver",
        fmt::format("an event that was delivered {} times without an ack is silently lost",
                    consumer.max_deliver),
        edit + "--max-deliver=-1");
  check(consumer.headers_only, refuse, "headers_only", "events come without their data",
        edit + "--no-headers-only");
  check(!delivers(stream, consumer, filter), refuse, "filter_subject",
        fmt::format("it delivers {}, and {} is wanted", joined(consumer.filter_subjects),
                    filter.empty() ? "every subject" : filter),
        filter.empty() ? remove : fmt::format("{}--filter={}", edit, filter));
  check(consumer.priority_groups, refuse, "priority_groups",
        "only pulls that name a group are answered, and Hangar names none", remove);
  check(consumer.max_request_bytes > 0 && consumer.max_request_bytes < largest_event, refuse,
        "max_bytes",
        fmt::format("an event over {} bytes is never delivered, nor what is behind it; {}",
                    consumer.max_request_bytes, prefect_sends),
        remove);
  check(consumer.max_request_expires > 0ns && consumer.max_request_expires < 100ms, refuse,
        "max_expires", "a pull ends before an event comes", remove);
  check(consumer.paused, warn, "pause_until", "it is paused: no event comes until then",
        fmt::format("nats consumer resume {}", name));
  check(consumer.backoff > 0, warn, "backoff",
        "it overrides ack_wait and the delay of events that are given back", remove);
  check(consumer.inactive_threshold > 0ns, warn, "inactive_threshold",
        "the server deletes the consumer, and what it knows, when Hangar is away for long", remove);
  check(consumer.deliver_policy != "all", warn, "deliver_policy",
        fmt::format("it is `{}`: events from before the consumer was created are not recorded",
                    consumer.deliver_policy),
        remove);
  check(consumer.replay_policy != "instant", warn, "replay_policy",
        "a backlog is delivered only as fast as it was published", remove);
  check(consumer.memory_storage, warn, "mem_storage",
        "what was acked is forgotten when the server restarts", remove);
  check(
      consumer.max_ack_pending > 0 && consumer.max_ack_pending < static_cast<std::int64_t>(credit),
      warn, "max_ack_pending",
      fmt::format("{} is less than the {} events that one replica holds", consumer.max_ack_pending,
                  credit),
      edit + "--max-pending=20000");
  check(consumer.ack_wait < 10s, warn, "ack_wait",
        "events are delivered again while they are still being recorded", edit + "--wait=30s");
  return found;
}

std::string refusals(const std::vector<Finding>& findings) {
  std::string refused;
  for (const Finding& finding : findings) {
    if (finding.severity != refuse) continue;
    refused += fmt::format("{}{}", refused.empty() ? "" : "\n", describe(finding));
  }
  return refused;
}

std::string describe(const Finding& finding) {
  return fmt::format("{}: {}; to change it: {}", finding.field, finding.problem, finding.fix);
}

}  // namespace hangar
