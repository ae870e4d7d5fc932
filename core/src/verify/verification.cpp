#include "verify/verification.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "dead_letters/dead_letters.hpp"
#include "hangar/error.hpp"
#include "http/closed_listener.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

/// What goes by while a service is looked at is nothing that it has stored.
class EndedSource final : public ServiceSource {
 public:
  asio::awaitable<Batch> next(std::size_t, std::chrono::milliseconds) override {
    co_return Batch{};
  }
  asio::awaitable<void> reject(Message, Rejection) override { co_return; }
  asio::awaitable<void> open() override { co_return; }
  void stop() override {}
  void pause(bool) override {}
  asio::awaitable<void> close() override { co_return; }
};

/// What a service publishes is published when it runs, and not when it is looked at.
class SilentPublisher final : public ServicePublisher {
 public:
  asio::awaitable<void> open() override { co_return; }
  void stop() override {}
  asio::awaitable<void> close() override { co_return; }
  asio::awaitable<PubAck> publish(OutgoingMessage) override { co_return PubAck{}; }
  asio::awaitable<void> enqueue(OutgoingMessage) override { co_return; }
  asio::awaitable<void> enqueue(OutgoingMessage message, Answered answered) override {
    answered(nullptr, message);
    co_return;
  }
  asio::awaitable<void> flush() override { co_return; }
};

/// Neither is a consumer changed that another reads.
class SilentConsumer final : public ServiceConsumer {
 public:
  asio::awaitable<ConsumerPosition> info() override { co_return ConsumerPosition{}; }
  asio::awaitable<void> filter(std::vector<std::string>) override { co_return; }
  asio::awaitable<void> close() override { co_return; }
};

}  // namespace

Verification::Verification(const Installation& installation, const ShadowStorage::Options& options)
    : log_{"hangar", log_level(installation.config().log.level), StderrLog::Format::text},
      nats_server_{installation, log_},
      storage_{installation.make_storage()},
      options_{options} {}

// It is the first to need NATS: a host would wait for it, a person who gave a command wants to
// know.
std::vector<std::uint64_t> Verification::dead_lettered(const std::string& service,
                                                       const std::string& stream) {
  std::vector<std::uint64_t> positions;
  DeadLetterFilter filter;
  filter.service = service;
  filter.limit = std::numeric_limits<std::size_t>::max();
  DeadLetters::run(nats_server_.settings(), log_,
                   [&](DeadLetters& letters) -> asio::awaitable<void> {
                     co_await letters.each(filter, [&](const DeadLetter& letter) {
                       if (letter.stream == stream) positions.push_back(letter.sequence);
                     });
                   });
  std::ranges::sort(positions);
  return positions;
}

ServiceResources Verification::resources(SingleRun& service, ShadowStorage& shadow) {
  ServiceResources resources;
  resources.waits_for_storage = false;
  resources.storage = [&]() -> Storage& { return shadow; };
  resources.make_live_source = [](const asio::any_io_executor&, const LiveOptions&, Log&) {
    return std::make_shared<EndedSource>();
  };
  resources.make_rereader = resources.make_live_source;
  resources.make_publisher = [](const asio::any_io_executor&, const std::vector<Publishes>&, Log&) {
    return std::make_shared<SilentPublisher>();
  };
  resources.make_consumer = [](const asio::any_io_executor&, const Steers&, Log&) {
    return std::make_shared<SilentConsumer>();
  };
  resources.make_listener = [](const asio::any_io_executor&, const ListensOn&, Log&, Metrics&) {
    return std::make_shared<ClosedListener>();
  };
  resources.make_source = [this, &service](const asio::any_io_executor& on,
                                           const SourceOptions& options, Log& log) {
    PullOptions pull{.source = options,
                     .service = service.name(),
                     .until_drained = true,
                     .replay = StreamStart{},
                     .dry_run = PullOptions::DryRun{dead_lettered_.at(options.stream)}};
    auto source = PullSource::start(on, nats_server_.settings(), std::move(pull), log);
    sources_.push_back(source->counters());
    return source;
  };
  resources.source_opened = [this, &shadow] {
    if (sources_.back()->stream_begin.value() > 1) shadow.incomplete();
  };
  return resources;
}

Verified Verification::verify(SingleRun& service) {
  Verified verified{.service = service.name(), .outcome = {}};
  const Needs needs = service.needs();
  verified.has_tables = !needs.tables.empty() && !needs.reads.empty();
  if (!verified.has_tables) return verified;
  dead_lettered_.clear();
  sources_.clear();
  for (const SourceOptions& read : needs.reads) {
    dead_lettered_[read.stream] = dead_lettered(service.name(), read.stream);
  }
  // As `run` does it, so that a database that is refused there is refused here, in the same words.
  storage_->prepare(needs.tables, Creation::never);
  ShadowStorage shadow{*storage_, options_, needs.expires};
  verified.signal = service.run(resources(service, shadow));
  if (verified.signal != 0) return verified;
  for (const auto& source : sources_) {
    if (source->drained.value() == 0) {
      throw Error{service.name() + ": it ended before it had read what its streams hold"};
    }
    verified.events += source->acked.value() + source->rejected.value();
    verified.unsettled += source->unsettled.value();
  }
  verified.outcome = shadow.finish();
  return verified;
}

}  // namespace hangar
