#include "doctor/stream_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "jetstream/stream_lint.hpp"

namespace hangar {
namespace {

using enum Check::Verdict;

constexpr std::uint64_t advised_max_payload = 8'000'000;
constexpr std::uint64_t least_max_payload = 1'500'000;
constexpr std::int64_t safe_replicas = 3;

std::vector<Check> with_findings(const std::string& what, const std::vector<Finding>& findings,
                                 std::string good) {
  std::vector<Check> checks;
  for (const Finding& finding : findings) {
    checks.push_back({finding.severity == Finding::Severity::refuse ? fail : warn, what,
                      fmt::format("{}: {}", finding.field, finding.problem), finding.fix});
  }
  if (checks.empty()) checks.push_back({ok, what, std::move(good)});
  return checks;
}

/// Whether a stream that refuses what is too much can take another event.
std::vector<Check> check_room(const StreamInfo& stream) {
  std::vector<Check> checks;
  const auto look = [&](std::uint64_t used, std::uint64_t next, std::int64_t limit,
                        std::string_view unit, std::string_view option) {
    const auto most = static_cast<std::uint64_t>(std::max<std::int64_t>(limit, 0));
    if (most == 0) return;
    const bool full = used + next > most;
    if (!full && used * 100 / most < 80) return;
    checks.push_back(
        {full ? fail : warn, "stream " + stream.name,
         fmt::format("it holds {} of {} {}: {}", used, most, unit,
                     full ? "events are refused" : "once it is full, events are refused"),
         fmt::format("nats stream edit {0} --{1}=N to raise that, or `nats stream purge "
                     "{0} --keep=N` of what is recorded",
                     stream.name, option)});
  };
  if (stream.discard != "new") return checks;
  const std::uint64_t average = stream.messages == 0 ? 0 : stream.bytes / stream.messages;
  look(stream.messages, 1, stream.max_messages, "messages", "max-msgs");
  look(stream.bytes, average, stream.max_bytes, "bytes", "max-bytes");
  return checks;
}

std::string stream_name(const StreamInfo& stream) { return "stream " + stream.name; }

}  // namespace

std::vector<Check> check_greeting(const std::string& address, const Greeting& greeting,
                                  bool elsewhere) {
  const std::string what = "nats";
  std::vector<Check> checks;
  checks.push_back(
      {ok, what,
       fmt::format(
           "nats-server {} at {}{}", greeting.version, address,
           greeting.domain.empty() ? "" : ", its JetStream has the domain " + greeting.domain)});
  if (!greeting.jetstream && !elsewhere) {
    checks.push_back({fail, what, "JetStream is not enabled",
                      "put `jetstream {}` into the server's configuration"});
  }
  const std::uint64_t most = greeting.max_payload;
  const Check::Verdict verdict = most < least_max_payload     ? fail
                                 : most < advised_max_payload ? warn
                                                              : ok;
  checks.push_back({verdict, "nats max_payload", fmt::format("{} bytes", most),
                    verdict == ok ? ""
                                  : fmt::format("set `max_payload: 8MB` in the server's "
                                                "configuration: {}, and a dead letter has more",
                                                prefect_sends)});
  return checks;
}

std::vector<Check> check_stream(const StreamInfo& stream, std::chrono::nanoseconds max_age,
                                bool clustered, bool drops_oldest) {
  using std::chrono::seconds;
  const auto whole = [](std::chrono::nanoseconds time) {
    return std::chrono::duration_cast<seconds>(time).count();
  };
  std::vector<Finding> findings = lint_stream(stream, max_age);
  if (drops_oldest) {
    std::erase_if(findings, [](const Finding& finding) { return finding.field == "discard"; });
  }
  std::vector<Check> checks = with_findings(
      stream_name(stream), findings,
      fmt::format("{}, {}, discard {}, max_age {} s, duplicate_window {} s, {} replica(s), {} "
                  "messages",
                  stream.storage, stream.retention, stream.discard, whole(stream.max_age),
                  whole(stream.duplicate_window), stream.replicas, stream.messages));
  std::ranges::move(check_room(stream), std::back_inserter(checks));
  if (clustered && stream.replicas < safe_replicas) {
    checks.push_back(
        {warn, stream_name(stream),
         fmt::format("{} replica(s) in a cluster: what they hold is lost with them",
                     stream.replicas),
         fmt::format("nats stream edit {} --replicas=3, and set nats.replicas: 3", stream.name)});
  }
  return checks;
}

std::vector<Check> check_consumer(const StreamInfo& stream, const ConsumerInfo& consumer,
                                  const std::string& filter, std::size_t credit) {
  return with_findings("consumer " + consumer.durable,
                       lint_consumer(stream, consumer, filter, credit),
                       fmt::format("{} messages to deliver, {} delivered and not settled",
                                   consumer.pending, consumer.ack_pending));
}

std::vector<Check> check_dead_letters(const StreamInfo& stream, std::uint64_t max_payload) {
  const std::vector<Finding> findings = lint_dead_letters(stream, max_payload);
  std::vector<Check> checks;
  if (!findings.empty()) checks = with_findings("dead letters", findings, {});
  const auto fill = [&](std::uint64_t used, std::int64_t most, std::string_view unit) {
    if (most <= 0) return;
    const std::uint64_t percent = used * 100 / static_cast<std::uint64_t>(most);
    if (percent < 80) return;
    checks.push_back({fail, "dead letters",
                      fmt::format("{} % of the {} {} that the stream takes: once it is full, "
                                  "recording waits at the next event that cannot be recorded",
                                  percent, most, unit),
                      "hangar dlq export, then hangar dlq purge"});
  };
  if (refusals(findings).empty()) {  // otherwise nothing is stored there, or old ones go
    fill(stream.messages, stream.max_messages, "messages");
    fill(stream.bytes, stream.max_bytes, "bytes");
  }
  if (stream.messages > 0) {
    checks.push_back({warn, "dead letters",
                      fmt::format("{} events could not be recorded", stream.messages),
                      "hangar dlq ls shows why; hangar dlq replay tries them again"});
  } else if (checks.empty()) {
    checks.push_back({ok, "dead letters", "none"});
  }
  return checks;
}

}  // namespace hangar
