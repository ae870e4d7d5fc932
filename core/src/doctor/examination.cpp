#include "doctor/examination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "doctor/publish_rights.hpp"
#include "doctor/setup_check.hpp"
#include "doctor/stream_check.hpp"
#include "doctor/target_check.hpp"
#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/stream_lint.hpp"
#include "jetstream/stream_setup.hpp"
#include "lease/lease_stream.hpp"
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

/// Looks over one connection.
class Examination {
 public:
  Examination(Link& link, const NatsConfig& nats, bool clustered)
      : link_{link}, nats_{nats}, clustered_{clustered} {}

  asio::awaitable<void> look_at_domain();
  asio::awaitable<void> look(const ExaminedService& service);
  asio::awaitable<void> look_at_dead_letters();
  /// After the others, which tell what is to be made.
  void look_at_account();
  std::vector<Check> take() { return std::move(checks_); }

 private:
  /// After the check of something that is absent.
  void count_absent() { absent_ += checks_.back().verdict == fail ? 0 : 1; }
  void add_faults(const StreamInfo& stream, const std::string& filter);
  void add(std::vector<Check> more) { std::ranges::move(more, std::back_inserter(checks_)); }
  asio::awaitable<void> look_at_source(SourceOptions source);
  /// Of a stream whose consumers a service watches: only whether it may.
  asio::awaitable<void> look_at_watched(std::string stream);
  asio::awaitable<void> look_at_target(const std::string& service, const Publishes& target);
  /// Nothing when it is not there, or cannot be looked at; then there are checks of why.
  asio::awaitable<std::optional<StreamInfo>> find(std::string stream, std::string subject,
                                                  bool drops_oldest = false);
  asio::awaitable<void> look_at_clock(const StreamInfo& stream);
  asio::awaitable<void> look_at_consumer(const StreamInfo& stream, const SourceOptions& source);

  Link& link_;
  const NatsConfig& nats_;
  bool clustered_;
  std::string domain_;
  AccountInfo account_;
  std::int64_t absent_ = 0;  ///< Streams that are to be made, and can be, each for itself.
  bool clock_seen_ = false;
  std::optional<PublishRights> rights_;
  std::set<std::string> seen_;
  std::vector<Check> checks_;
};

asio::awaitable<void> Examination::look_at_domain() {
  try {
    const JetStreamAnswer answer = co_await call_jetstream(link_, "INFO");
    domain_ = domain_in(answer);
    account_ = to_account_info(answer.body, nats_.replicas);
  } catch (const DeniedError& error) {
    checks_.push_back({warn, "nats domain", error.what(),
                       "without it messages say neither the domain nor what room there is"});
  }
  if (!domain_.empty()) checks_.push_back({ok, "nats domain", domain_});
}

asio::awaitable<void> Examination::look(const ExaminedService& service) {
  const Needs& needs = service.needs;
  for (SourceOptions source : needs.reads) {
    source.lanes = needs.lanes;
    co_await look_at_source(std::move(source));
  }
  for (const LiveOptions& live : needs.live) {
    const auto stream =
        co_await find(live.stream, stream_subject(live.stream, live.filter_subject));
    if (!stream) continue;
    add_faults(*stream, live.filter_subject);
    add(co_await check_live(link_, service.name, live));
  }
  for (const Publishes& target : needs.publishes) co_await look_at_target(service.name, target);
  for (const Steers& steered : needs.steers) {
    add(co_await check_steered(link_, service.name, steered));
  }
  for (const std::string& stream : needs.watches) co_await look_at_watched(stream);
  if (needs.leases.empty()) co_return;
  LeaseChecks leases = co_await check_leases(link_, nats_, service.name, needs.leases);
  // One stream for all services.
  if (leases.makes_stream && seen_.insert(lease_stream).second) ++absent_;
  add(std::move(leases.checks));
}

asio::awaitable<void> Examination::look_at_watched(std::string stream) {
  try {
    co_await call_jetstream(link_, "CONSUMER.LIST." + stream);
  } catch (const DeniedError& error) {
    checks_.push_back({warn, "consumers of stream " + stream, error.what(),
                       "without it /metrics does not tell how far behind they are"});
  }
}

asio::awaitable<std::optional<StreamInfo>> Examination::find(std::string stream,
                                                             std::string subject,
                                                             bool drops_oldest) {
  std::optional<StreamInfo> found;
  try {
    StreamConfig wanted{stream, {}};
    found = co_await ensure_stream(link_, std::move(wanted), WhenAbsent::fail);
  } catch (const AbsentError&) {
  } catch (const ConfigError& error) {
    checks_.push_back({fail, "stream " + stream, error.what(), "hangar config show"});
    co_return std::nullopt;
  }
  if (!seen_.insert(stream).second) co_return found;
  if (!found) {
    checks_.push_back(
        co_await check_creation(link_, nats_, std::move(stream), std::move(subject), domain_));
    count_absent();
    co_return std::nullopt;
  }
  if (!std::exchange(clock_seen_, true)) co_await look_at_clock(*found);
  add(check_stream(*found, nats_.max_age, clustered_, drops_oldest));
  co_return found;
}

void Examination::add_faults(const StreamInfo& stream, const std::string& filter) {
  for (const Finding& finding : lint_subjects(stream, filter)) {
    checks_.push_back({fail, "stream " + stream.name,
                       fmt::format("{}: {}", finding.field, finding.problem), finding.fix});
  }
}

asio::awaitable<void> Examination::look_at_source(SourceOptions source) {
  const auto stream =
      co_await find(source.stream, stream_subject(source.stream, source.filter_subject));
  if (!stream) co_return;
  add_faults(*stream, source.filter_subject);
  co_await look_at_consumer(*stream, source);
}

asio::awaitable<void> Examination::look_at_target(const std::string& service,
                                                  const Publishes& target) {
  const auto stream = co_await find(target.stream, target.subject, target.max_bytes > 0);
  if (stream) checks_.push_back(check_target(*stream, service, target));
  if (!rights_) rights_ = co_await publish_rights(link_);
  checks_.push_back(
      check_publish_rights(*rights_, "stream " + target.stream, target.subject,
                           fmt::format("without that {} stores nothing there", service)));
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
    add(co_await check_rights(link_, source));
  } else {
    checks_.push_back(co_await check_consumer_creation(link_, stream, source));
  }
}

// No answer of a server before 2.10 tells the time but the one to a consumer that was made.
asio::awaitable<void> Examination::look_at_clock(const StreamInfo& stream) {
  constexpr const char* newer = "nats-server 2.10 and newer tell their time without a consumer";
  auto before = WallClock::now();
  std::string told = (co_await stream_info(link_, stream.name)).answered;
  auto after = WallClock::now();
  if (told.empty() && stream.retention == "workqueue") {
    // Which takes no second consumer.
    checks_.push_back({ok, "nats clock", fmt::format("not looked at: {}", newer), {}});
    co_return;
  }
  try {
    if (told.empty()) {
      ConsumerConfig wanted{trial_name, {}};
      wanted.start = StreamStart{};
      before = WallClock::now();
      const CreationTrial trial = co_await try_consumer(link_, stream.name, std::move(wanted));
      after = WallClock::now();
      told = trial.created;
      if (!trial.refusal.empty()) checks_.push_back({warn, "nats clock", trial.refusal, newer});
    }
  } catch (const DeniedError& error) {
    checks_.push_back({warn, "nats clock", error.what(), newer});
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
  checks_.push_back(co_await check_dead_letter_creation(link_, nats_));
  count_absent();
}

void Examination::look_at_account() { add(check_account(account_, absent_)); }

}  // namespace

Examined examine_nats(const NatsConfig& nats, const std::vector<ExaminedService>& services,
                      Log& log) {
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
    for (const ExaminedService& service : services) co_await examination.look(service);
    // Only what is read can become a dead letter.
    const auto reads = [](const ExaminedService& service) { return !service.needs.reads.empty(); };
    if (services.empty() || std::ranges::any_of(services, reads)) {
      co_await examination.look_at_dead_letters();
    }
    examination.look_at_account();
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
