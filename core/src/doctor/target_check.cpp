#include "doctor/target_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/stream_setup.hpp"
#include "lease/lease_stream.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using enum Check::Verdict;

constexpr std::chrono::seconds within{2};

/// Why this user may not; empty when he may. What is sent there must change nothing.
asio::awaitable<std::string> denial(Link& link, std::string subject, std::string body,
                                    Headers headers = {}) {
  Link::Reply reply =
      co_await link.request(std::move(subject), std::move(body), std::move(headers), within);
  co_return reply.fate == Link::Reply::Fate::denied ? std::move(reply.why) : std::string{};
}

std::string title_of(const Steers& steered) { return "consumer " + steered.durable; }

Check no_lease_stream(std::string found, std::string hint) {
  return {fail, "leases", "there is no stream for them, and none can be made: " + std::move(found),
          std::move(hint)};
}

/// Whether the stream of leases, which is not there, can be made.
asio::awaitable<Check> check_lease_creation(Link& link, const NatsConfig& nats) {
  const StreamConfig wanted = lease_config(nats);
  try {
    const std::string other = co_await stream_on(link, wanted.subject);
    if (!other.empty()) {
      co_return no_lease_stream(describe_overlap(other, wanted.subject),
                                "no service that has leases can begin before that is mended");
    }
    const CreationTrial trial = co_await try_stream(link, wanted);
    if (!trial.refusal.empty()) {
      co_return no_lease_stream(trial.refusal, "no service that has leases can begin without it");
    }
    co_return Check{ok, "leases", "no stream for them yet", {}};
  } catch (const DeniedError& error) {
    co_return Check{warn, "leases", fmt::format("no stream for them yet; {}", error.what()),
                    "whether `hangar run` can make it was not seen: let this user try, or make it "
                    "yourself"};
  }
}

/// Of those of one service, whose stream is there.
asio::awaitable<std::vector<Check>> check_lease_rights(Link& link, const std::string& service,
                                                       const std::vector<std::string>& leases) {
  std::vector<Check> checks;
  const auto add = [&](const std::string& why, std::string without_it) {
    if (!why.empty()) checks.push_back({fail, "leases", why, std::move(without_it)});
  };
  // No JSON.
  const std::string get = link.api(fmt::format("STREAM.MSG.GET.{}", lease_stream));
  add(co_await denial(link, get, "{"),
      fmt::format("without that service {} never knows who holds one", service));
  for (const std::string& lease : leases) {
    // The stream stores nothing that is meant for another one.
    Headers elsewhere{{"Nats-Expected-Stream", trial_name}};
    add(co_await denial(link, lease_subject(service, lease), "", std::move(elsewhere)),
        fmt::format("without that service {} never does the work of the lease {}", service, lease));
  }
  co_return checks;
}

}  // namespace

Check check_target(const StreamInfo& stream, const std::string& service, const Publishes& target) {
  const auto covers = [&](const std::string& taken) {
    return subject_covers(taken, target.subject);
  };
  const auto meets = [&](const std::string& taken) { return subjects_meet(taken, target.subject); };
  std::string what = "stream " + stream.name;
  if (std::ranges::any_of(stream.subjects, covers)) {
    return {ok, std::move(what), fmt::format("it takes {}, for {}", target.subject, service), {}};
  }
  const bool some = std::ranges::any_of(stream.subjects, meets);
  std::vector<std::string> wanted = stream.subjects;
  std::erase_if(wanted, meets);
  wanted.push_back(target.subject);
  return {some ? warn : fail, std::move(what),
          fmt::format("it takes {}, and {} publishes on {}: {} is not stored",
                      stream.subjects.empty() ? "nothing that is published"
                                              : fmt::format("{}", fmt::join(stream.subjects, ", ")),
                      service, target.subject, some ? "what is not of these" : "that"),
          fmt::format("nats stream edit {} --subjects={}, or set another stream for {}",
                      stream.name, fmt::join(wanted, ","), service)};
}

asio::awaitable<std::vector<Check>> check_steered(Link& link, const std::string& service,
                                                  const Steers& steered) {
  const std::string what = title_of(steered);
  const char* const verb = steered.sets_filter ? "steers" : "follows";
  std::vector<Check> checks;
  try {
    const ConsumerInfo found = co_await consumer_info(link, steered.stream, steered.durable);
    checks.push_back(
        {ok,
         what,
         fmt::format("{} {} it; it delivers {}, and {} messages wait for that", service, verb,
                     found.filter_subjects.empty()
                         ? "everything"
                         : fmt::format("{}", fmt::join(found.filter_subjects, ", ")),
                     found.pending),
         {}});
  } catch (const DeniedError& error) {
    checks.push_back({fail, what, error.what(),
                      fmt::format("without that {} does not know how far it is", service)});
  } catch (const Error& error) {
    checks.push_back(
        {warn, what, error.what(),
         fmt::format("start what reads it: {} {} it, and does not make it", service, verb)});
  }
  if (!steered.sets_filter) co_return checks;
  // No JSON.
  std::string update =
      link.api(fmt::format("CONSUMER.DURABLE.CREATE.{}.{}", steered.stream, steered.durable));
  const std::string why = co_await denial(link, std::move(update), "{");
  if (!why.empty()) {
    checks.push_back(
        {fail, what, why, fmt::format("without that {} cannot set its filter", service)});
  }
  co_return checks;
}

asio::awaitable<std::vector<Check>> check_live(Link& link, const std::string& service,
                                               const LiveOptions& live) {
  std::vector<Check> checks;
  for (const std::string& call :
       {"CONSUMER.CREATE." + live.stream,
        fmt::format("CONSUMER.MSG.NEXT.{}.{}", live.stream, trial_name)}) {
    // No JSON.
    const std::string why = co_await denial(link, link.api(call), "{");
    if (why.empty()) continue;
    checks.push_back({fail, "stream " + live.stream, why,
                      fmt::format("without that {} sees nothing of it go by", service)});
  }
  co_return checks;
}

asio::awaitable<LeaseChecks> check_leases(Link& link, const NatsConfig& nats,
                                          const std::string& service,
                                          const std::vector<std::string>& leases) {
  LeaseChecks found;
  std::optional<StreamInfo> stream;
  try {
    StreamConfig wanted{lease_stream, {}};
    stream = co_await ensure_stream(link, std::move(wanted), WhenAbsent::fail);
  } catch (const AbsentError&) {
  } catch (const Error& error) {
    found.checks.push_back(
        {fail, "leases", error.what(), fmt::format("without that {} cannot begin", service)});
    co_return found;
  }
  if (!stream) {
    found.checks.push_back(co_await check_lease_creation(link, nats));
    found.makes_stream = found.checks.front().verdict != fail;
    co_return found;
  }
  const std::string subjects = lease_config(nats).subject;
  const auto covers = [&](const std::string& taken) { return subject_covers(taken, subjects); };
  if (std::ranges::none_of(stream->subjects, covers)) {
    found.checks.push_back({fail, "leases",
                            fmt::format("stream {} does not take {}", lease_stream, subjects),
                            fmt::format("nats stream rm {}: Hangar makes it anew", lease_stream)});
    co_return found;
  }
  found.checks = co_await check_lease_rights(link, service, leases);
  if (found.checks.empty()) {
    found.checks.push_back(
        {ok, "leases", fmt::format("{} can hold {}", service, fmt::join(leases, ", ")), {}});
  }
  co_return found;
}

}  // namespace hangar
