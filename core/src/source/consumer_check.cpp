#include "source/consumer_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/stream_setup.hpp"

namespace hangar {

using namespace std::chrono_literals;

void ConsumerCheck::stream(const StreamInfo& stream) {
  tell(lint_subjects(stream, expected_.filter));
  // A replay reads once more what was acked, and begins where it is told.
  if (expected_.replay && stream.retention != "limits") {
    throw ConfigError{fmt::format(
        "stream {} has retention `{}` and deletes what is acked: nothing is left to be read once "
        "more by replay or verify; only a stream with retention `limits` keeps its events, and "
        "`nats stream add` with the other as --source can make one beside it",
        stream.name, stream.retention)};
  }
}

void ConsumerCheck::settings(const StreamInfo& stream, const ConsumerInfo& consumer,
                             const StreamInfo* dead_letters, std::uint64_t max_payload) {
  std::vector<Finding> findings = lint_stream(stream, expected_.max_age);
  if (dead_letters != nullptr) {
    std::ranges::move(lint_dead_letters(*dead_letters, max_payload), std::back_inserter(findings));
  }
  if (!expected_.replay) {
    std::ranges::move(lint_consumer(stream, consumer, expected_.filter, expected_.credit),
                      std::back_inserter(findings));
  }
  if (max_payload < wanted_max_payload) {
    findings.push_back({Finding::Severity::warn, "max_payload",
                        fmt::format("the server takes {} bytes; {}", max_payload, prefect_sends),
                        "set `max_payload: 8MB` in the server's configuration"});
  }
  tell(findings);
}

void ConsumerCheck::tell(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity == Finding::Severity::warn &&
        std::ranges::find(told_, finding) == told_.end()) {
      log_.warning("stream {}, consumer {}: {}", expected_.stream, expected_.durable,
                   describe(finding));
      told_.push_back(finding);
    }
  }
  if (const std::string refused = refusals(findings); !refused.empty()) {
    throw ConfigError{fmt::format("consumer {} of stream {} cannot be used: {}", expected_.durable,
                                  expected_.stream, refused)};
  }
}

bool ConsumerCheck::rolled_back(const StreamInfo& stream,
                                const ConsumerInfo& consumer) const noexcept {
  return consumer.delivered_sequence > stream.last_sequence && !expected_.replay;
}

ConsumerCheck::Seen ConsumerCheck::identify(const StreamInfo& stream,
                                            const ConsumerInfo& consumer) {
  Incarnation now{stream.created, consumer.created};
  if (same(now, incarnation_)) return Seen::same;
  const bool first = incarnation_.stream_created.empty();
  incarnation_ = std::move(now);
  seen_.reset();
  return first ? Seen::first : Seen::recreated;
}

void ConsumerCheck::forget() {
  incarnation_ = {};
  seen_.reset();
}

std::optional<ConsumerCheck::Change> ConsumerCheck::compare(const Incarnation& asked,
                                                            const Sighting& now) {
  if (!same(asked, incarnation_) || !same(asked, {now.after.created, now.consumer.created})) {
    seen_.reset();
    return std::nullopt;
  }
  Change change{.lost = 0, .acked = now.consumer.ack_pending == 0};
  if (seen_) {
    change.lost = lost_between(*seen_, now);
    change.acked = change.acked || now.consumer.ack_floor > seen_->consumer.ack_floor;
  }
  if (change.lost > 0) {
    log_.error(
        "stream {} dropped at least {} messages before consumer {} was given them: it begins at {} "
        "now, and what was delivered ended at {}; look at the stream's limits and at who purges it",
        expected_.stream, change.lost, expected_.durable, now.after.first_sequence,
        seen_->consumer.delivered_sequence);
  }
  seen_ = now;
  return change;
}

std::chrono::nanoseconds ConsumerCheck::progress_interval(const ConsumerInfo& consumer) noexcept {
  return std::min<std::chrono::nanoseconds>(10s, consumer.ack_wait / 3);
}

std::size_t ConsumerCheck::most_dead_letters(const ConsumerInfo& consumer) const noexcept {
  const auto unacked =
      static_cast<std::size_t>(std::max<std::int64_t>(consumer.max_ack_pending, 0));
  const std::size_t held = unacked > 0 ? std::min(unacked, expected_.credit) : expected_.credit;
  return std::max<std::size_t>(held / 2, 1);
}

}  // namespace hangar
