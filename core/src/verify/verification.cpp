#include "verify/verification.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "dead_letters/dead_letters.hpp"
#include "hangar/error.hpp"

namespace asio = boost::asio;

namespace hangar {

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

ServiceResources Verification::resources(DryRun& service, PullOptions::DryRun dry_run,
                                         ShadowStorage& shadow) {
  ServiceResources resources;
  resources.waits_for_storage = false;
  resources.storage = [&]() -> Storage& { return shadow; };
  resources.make_source = [this, &service, dry_run = std::move(dry_run)](
                              const asio::any_io_executor& on, const SourceOptions& options,
                              Log& log) {
    PullOptions pull{.source = options,
                     .service = service.name(),
                     .until_drained = true,
                     .replay = StreamStart{},
                     .dry_run = dry_run};
    auto source = PullSource::start(on, nats_server_.settings(), std::move(pull), log);
    counters_ = source->counters();
    return source;
  };
  resources.source_opened = [this, &shadow] {
    if (counters_->stream_begin.value() > 1) shadow.incomplete();
  };
  return resources;
}

Verified Verification::verify(DryRun& service) {
  Verified verified{.service = service.name(), .outcome = {}};
  const ServiceNeeds needs = service.needs();
  verified.has_tables = !needs.tables.empty() && needs.source;
  if (!verified.has_tables) return verified;
  PullOptions::DryRun dry_run{dead_lettered(service.name(), needs.source->stream)};
  // As `run` does it, so that a database that is refused there is refused here, in the same words.
  storage_->prepare(needs.tables, Creation::never);
  ShadowStorage shadow{*storage_, options_};
  verified.signal = service.run(resources(service, std::move(dry_run), shadow));
  if (verified.signal != 0) return verified;
  if (counters_ == nullptr || counters_->drained.value() == 0) {
    throw Error{service.name() + ": it ended before it had read what the stream holds"};
  }
  verified.outcome = shadow.finish();
  verified.events = counters_->acked.value() + counters_->rejected.value();
  verified.unsettled = counters_->unsettled.value();
  return verified;
}

}  // namespace hangar
