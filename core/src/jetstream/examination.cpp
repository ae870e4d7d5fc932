#include "jetstream/examination.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/stream_lint.hpp"
#include "jetstream/stream_setup.hpp"
#include "nats/blocking.hpp"
#include "nats/endpoint.hpp"
#include "nats/subjects.hpp"
#include "text/utc.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using enum Check::Verdict;
using WallClock = std::chrono::system_clock;

constexpr std::uint64_t advised_max_payload = 8'000'000;
constexpr std::uint64_t least_max_payload = 1'500'000;
constexpr std::int64_t safe_replicas = 3;
// Of what is made only to see that it can be. Always the same: so permissions can name it, and what
// one that was killed left behind is deleted by the next.
constexpr const char* own_name = "hangar-doctor";

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
                                  : "set `max_payload: 8MB` in the server's configuration: an "
                                    "event of Prefect's has up to 1.5 MB, and a dead letter more"});
  return checks;
}

std::vector<Check> check_stream(const StreamInfo& stream, std::chrono::nanoseconds max_age,
                                bool clustered) {
  using std::chrono::seconds;
  const auto whole = [](std::chrono::nanoseconds time) {
    return std::chrono::duration_cast<seconds>(time).count();
  };
  std::vector<Check> checks = with_findings(
      stream_name(stream), lint_stream(stream, max_age),
      fmt::format("{}, {}, discard {}, max_age {} s, duplicate_window {} s, {} replica(s), {} "
                  "messages",
                  stream.storage, stream.retention, stream.discard, whole(stream.max_age),
                  whole(stream.duplicate_window), stream.replicas, stream.messages));
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

Check check_absent_stream(const std::string& stream, const std::string& domain) {
  Check check{warn, "stream " + stream, "there is none",
              "start `hangar run`, which creates it: what is published before is lost"};
  if (!domain.empty()) {
    check.found += " in JetStream domain " + domain;
    check.hint += "; when it is in the domain of another server, set nats.domain";
  }
  return check;
}

namespace {

/// Looks over one connection.
class Examination {
 public:
  Examination(Link& link, const NatsConfig& nats, bool clustered)
      : link_{link}, nats_{nats}, clustered_{clustered} {}

  asio::awaitable<void> look_at_domain();
  asio::awaitable<void> look(SourceOptions source);
  asio::awaitable<void> look_at_dead_letters();
  std::vector<Check> take() { return std::move(checks_); }

 private:
  void add(std::vector<Check> more) { std::ranges::move(more, std::back_inserter(checks_)); }
  asio::awaitable<void> look_at_clock(std::string stream);
  asio::awaitable<void> look_at_consumer(const StreamInfo& stream, const SourceOptions& source);

  Link& link_;
  const NatsConfig& nats_;
  bool clustered_;
  std::string domain_;
  std::set<std::string> seen_;
  std::vector<Check> checks_;
};

asio::awaitable<void> Examination::look_at_domain() {
  try {
    domain_ = domain_in(co_await call_jetstream(link_, "INFO"));
  } catch (const DeniedError& error) {
    checks_.push_back({warn, "nats domain", error.what(),
                       "without it messages say neither the domain nor what room there is"});
  }
  if (!domain_.empty()) checks_.push_back({ok, "nats domain", domain_});
}

asio::awaitable<void> Examination::look(SourceOptions source) {
  std::optional<StreamInfo> stream;
  try {
    StreamConfig wanted{source.stream, {}};
    stream = co_await ensure_stream(link_, std::move(wanted), WhenAbsent::fail);
  } catch (const AbsentError&) {
  } catch (const ConfigError& error) {
    checks_.push_back({fail, "stream " + source.stream, error.what(), "hangar config show"});
    co_return;
  }
  if (!stream) {
    checks_.push_back(check_absent_stream(source.stream, domain_));
    co_return;
  }
  if (seen_.insert(source.stream).second) {
    if (seen_.size() == 1) co_await look_at_clock(source.stream);
    add(check_stream(*stream, nats_.max_age, clustered_));
  }
  for (const Finding& finding : lint_subjects(*stream, source.filter_subject)) {
    checks_.push_back({fail, stream_name(*stream),
                       fmt::format("{}: {}", finding.field, finding.problem), finding.fix});
  }
  co_await look_at_consumer(*stream, source);
}

asio::awaitable<void> Examination::look_at_consumer(const StreamInfo& stream,
                                                    const SourceOptions& source) {
  std::optional<ConsumerInfo> consumer;
  try {
    ConsumerConfig wanted{source.durable, source.filter_subject};
    consumer = co_await ensure_consumer(link_, source.stream, std::move(wanted), WhenAbsent::fail);
  } catch (const AbsentError&) {
  }
  if (consumer) {
    add(check_consumer(stream, *consumer, source.filter_subject, credit_messages(source)));
  } else {
    checks_.push_back({warn, "consumer " + source.durable, "there is none",
                       "start `hangar run`, which creates it and records all that is there"});
  }
}

// No answer of a server before 2.10 tells the time but the one to a consumer that was made.
asio::awaitable<void> Examination::look_at_clock(std::string stream) {
  auto before = WallClock::now();
  std::string told = (co_await stream_info(link_, stream)).answered;
  auto after = WallClock::now();
  try {
    if (told.empty()) {
      co_await delete_consumer(link_, stream, own_name);  // of one that was killed
      before = WallClock::now();
      ConsumerConfig wanted{own_name, {}};
      wanted.start = StreamStart{};
      told =
          (co_await ensure_consumer(link_, stream, std::move(wanted), WhenAbsent::create)).created;
      after = WallClock::now();
      co_await delete_consumer(link_, stream, own_name);
    }
  } catch (const ConfigError& error) {
    checks_.push_back({warn, "nats clock", error.what(), "let this user make consumers"});
  } catch (const DeniedError& error) {
    checks_.push_back({warn, "nats clock", error.what(),
                       "nats-server 2.10 and newer tell their time without it"});
  }
  if (const auto shown = parse_utc(told)) {
    checks_.push_back(check_clock("nats", before, *shown, after));
  }
}

asio::awaitable<void> Examination::look_at_dead_letters() {
  StreamConfig wanted = dead_letter_config(nats_);
  try {
    const DeadLetterStream letters =
        co_await ensure_dead_letter_stream(link_, wanted, WhenAbsent::fail);
    if (!letters.info.name.empty()) {
      add(check_dead_letters(letters.info, link_.max_payload()));
    } else {
      checks_.push_back({fail, "dead letters", letters.refusal, "see nats-server's log"});
    }
    co_return;
  } catch (const AbsentError&) {
  }
  // One of the same size, as only the server knows what it has room for. Not that one itself:
  // a host that starts meanwhile may put letters into it.
  wanted.name = wanted.subject = own_name;
  try {
    const DeadLetterStream tried =
        co_await ensure_dead_letter_stream(link_, wanted, WhenAbsent::create);
    if (!tried.info.name.empty()) {
      co_await call_jetstream(link_, "STREAM.DELETE." + wanted.name);
      checks_.push_back({ok, "dead letters", "none, and no stream for them yet"});
    } else {
      checks_.push_back(
          {fail, "dead letters",
           fmt::format("there is no stream for them, and one of that size cannot be made: {}",
                       tried.refusal),
           "set nats.dlq_max_bytes to what the server has room for: without that stream what "
           "cannot be recorded waits"});
    }
  } catch (const TransientError& error) {
    checks_.push_back({warn, "dead letters", error.what(),
                       "whether their stream can be made was not seen: let this user make streams, "
                       "or make it yourself"});
  }
}

}  // namespace

Examined examine_nats(const NatsConfig& nats, const std::vector<SourceOptions>& sources, Log& log) {
  Examined examined;
  bool clustered = false;
  const bool elsewhere = api_prefix(nats) != server_api;
  for (const Endpoint& server : endpoints(nats)) {
    // What it says before it greets is encrypted, and the connection below shows whether it is
    // there.
    if (nats.tls.handshake_first) continue;
    try {
      const Greeting greeting = greeting_of(server);
      clustered = clustered || !greeting.cluster.empty();
      std::ranges::move(check_greeting(server.address(), greeting, elsewhere),
                        std::back_inserter(examined.checks));
    } catch (const Error& error) {
      examined.checks.push_back(
          {warn, "nats", error.what(), "is it running, and is nats.url right?"});
    }
  }
  bool connected = false;
  const auto body = [&](const std::shared_ptr<Link>& link,
                        const asio::any_io_executor&) -> asio::awaitable<std::vector<Check>> {
    connected = co_await link->wait_connected(std::chrono::steady_clock::now() + 10s);
    if (!connected) {
      throw TransientError{fmt::format("it cannot be reached: {}", link->last_trouble()),
                           TransientError::Retry::reconnect};
    }
    Examination examination{*link, nats, clustered};
    co_await examination.look_at_domain();
    for (const SourceOptions& source : sources) co_await examination.look(source);
    co_await examination.look_at_dead_letters();
    co_return examination.take();
  };
  try {
    std::vector<Check> checks =
        run_with_link<std::vector<Check>>(nats, "hangar doctor", log, {}, body);
    std::ranges::move(checks, std::back_inserter(examined.checks));
    examined.reached = true;
  } catch (const TransientError& error) {
    // What a server refused says itself what mends it.
    examined.checks.push_back({fail, "nats", error.what(),
                               connected
                                   ? "nats-server's log may say more"
                                   : "start nats-server, or correct nats.url and who may connect"});
  }
  return examined;
}

}  // namespace hangar
