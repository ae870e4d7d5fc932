#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <iostream>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/table.hpp"
#include "cli/trials.hpp"
#include "dead_letters/dead_letters.hpp"
#include "hangar/error.hpp"
#include "host/broker.hpp"
#include "host/installation.hpp"
#include "log/stderr_log.hpp"
#include "service/source_handle.hpp"
#include "verify/agreement.hpp"
#include "verify/rehearsal.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar::cli {
namespace {

/// What was found out about one service.
struct Verified {
  std::string service;
  std::uint64_t events = 0;
  std::uint64_t unsettled = 0;
  bool has_tables = false;
  int signal = 0;
  Comparison::Outcome outcome;
};

/// Compares services one after the other.
class Verification {
 public:
  Verification(const Installation& installation, const VerifyOptions& options)
      : log_{"hangar", log_level(installation.config().log.level), StderrLog::Format::text},
        broker_{installation, log_},
        storage_{installation.make_storage()},
        options_{options.all ? std::nullopt : std::optional{options.sample},
                 options.seed.value_or(std::random_device{}())} {}

  [[nodiscard]] std::uint64_t seed() const noexcept { return options_.seed; }
  Verified verify(Trial& trial);

 private:
  std::vector<std::uint64_t> dead_lettered(const std::string& service, const std::string& stream);
  ServiceResources resources(Trial& trial, PullOptions::Look look, Rehearsal& rehearsal);

  StderrLog log_;
  Broker broker_;
  std::unique_ptr<Storage> storage_;
  Rehearsal::Options options_;
  std::shared_ptr<const SourceCounters> counters_;
};

// It is the first to need NATS: a host would wait for it, a person who gave a command wants to
// know.
std::vector<std::uint64_t> Verification::dead_lettered(const std::string& service,
                                                       const std::string& stream) {
  std::vector<std::uint64_t> positions;
  DeadLetterFilter filter;
  filter.service = service;
  filter.limit = std::numeric_limits<std::size_t>::max();
  DeadLetters::run(broker_.settings(), log_, [&](DeadLetters& letters) -> asio::awaitable<void> {
    co_await letters.each(filter, [&](const DeadLetter& letter) {
      if (letter.stream == stream) positions.push_back(letter.sequence);
    });
  });
  std::ranges::sort(positions);
  return positions;
}

ServiceResources Verification::resources(Trial& trial, PullOptions::Look look,
                                         Rehearsal& rehearsal) {
  ServiceResources resources;
  resources.waits_for_storage = false;
  resources.storage = [&]() -> Storage& { return rehearsal; };
  resources.make_source = [this, &trial, look = std::move(look), &rehearsal](
                              const asio::any_io_executor& on, const SourceOptions& options,
                              Log& log) {
    PullOptions pull{.source = options,
                     .service = trial.name(),
                     .until_drained = true,
                     .replay = StreamStart{},
                     .look = look};
    auto source = PullSource::start(on, broker_.settings(), std::move(pull), log);
    counters_ = source->counters();
    SourceHandle handle = source_handle(source);
    handle.open = [source, counters = counters_, &rehearsal]() -> asio::awaitable<void> {
      co_await source->open();
      if (counters->stream_begin.value() > 1) rehearsal.incomplete();
    };
    return handle;
  };
  return resources;
}

Verified Verification::verify(Trial& trial) {
  Verified verified{.service = trial.name(), .outcome = {}};
  const ServiceNeeds needs = trial.needs();
  verified.has_tables = !needs.tables.empty() && needs.source;
  if (!verified.has_tables) return verified;
  PullOptions::Look look{dead_lettered(trial.name(), needs.source->stream)};
  // As `run` does it, so that a database that is refused there is refused here, in the same words.
  storage_->prepare(needs.tables, Creation::never);
  Rehearsal rehearsal{*storage_, options_};
  verified.signal = trial.run(resources(trial, std::move(look), rehearsal));
  if (verified.signal != 0) return verified;
  if (counters_ == nullptr || counters_->drained.value() == 0) {
    throw Error{trial.name() + ": it ended before it had read what the stream holds"};
  }
  verified.outcome = rehearsal.finish();
  verified.events = counters_->acked.value() + counters_->rejected.value();
  verified.unsettled = counters_->unsettled.value();
  return verified;
}

json::object to_json(const Difference& difference) {
  json::object object{{"run", shown(difference.root)}, {"table", difference.table},
                      {"row", shown(difference.row)},  {"column", difference.column},
                      {"derived", difference.derived}, {"stored", nullptr}};
  if (difference.stored) object["stored"] = *difference.stored;
  return object;
}

json::object to_json(const Verified& verified) {
  const Comparison::Outcome& outcome = verified.outcome;
  json::array differences;
  for (const Difference& difference : outcome.differences) {
    differences.push_back(to_json(difference));
  }
  return {{"service", verified.service},     {"events", verified.events},
          {"unsettled", verified.unsettled}, {"rows", outcome.rows},
          {"newer", outcome.newer},          {"gone", outcome.gone},
          {"owned", outcome.owned},          {"unclear", outcome.unclear},
          {"different", outcome.different},  {"differences", std::move(differences)}};
}

void summarize(const Verified& verified) {
  const Comparison::Outcome& outcome = verified.outcome;
  fmt::print(stderr, "{}: {} events say what {} rows are; {} values differ\n", verified.service,
             verified.events, outcome.rows, outcome.different);
  const auto note = [](std::uint64_t count, const char* text) {
    if (count > 0) fmt::print(stderr, "{} {}\n", count, text);
  };
  note(outcome.newer, "rows are stored in a newer version, and were not compared");
  note(outcome.gone, "rows were deleted together with what they belong to, a flow run for example");
  if (outcome.mostly_gone()) {
    fmt::print(stderr,
               "which is most of the {} that belong to something: is storage.url the database that "
               "these events were recorded in?\n",
               outcome.owned);
  }
  note(outcome.unclear, "rows are stored under another id, which events that expired may explain");
  note(verified.unsettled, "positions of the stream are not settled yet, and were left out");
  if (outcome.different > outcome.differences.size()) {
    fmt::print(stderr, "only the first {} differences are listed\n", outcome.differences.size());
  }
}

void print(const std::vector<Verified>& all) {
  TextTable table{{"RUN", "TABLE", "ROW", "COLUMN", "DERIVED", "STORED"}};
  bool any = false;
  for (const Verified& verified : all) {
    for (const Difference& difference : verified.outcome.differences) {
      any = true;
      table.add({shown(difference.root), difference.table, shown(difference.row), difference.column,
                 difference.derived, difference.stored.value_or("(no such row)")});
    }
  }
  if (any) table.print(std::cout);
}

}  // namespace

int verify(const HostOptions& host, Output output, const VerifyOptions& options) {
  Installation installation{host};
  installation.load();
  const auto services = trials(installation, host.only);
  Verification verification{installation, options};
  std::vector<Verified> all;
  for (const auto& trial : services) {
    Verified verified = verification.verify(*trial);
    if (verified.signal != 0) return 128 + verified.signal;
    if (!verified.has_tables) continue;
    summarize(verified);
    all.push_back(std::move(verified));
  }
  if (all.empty()) {
    throw ConfigError{"there is nothing to verify: no service that is enabled has tables"};
  }
  if (!options.all) fmt::print(stderr, "drawn with --seed {}\n", verification.seed());
  if (output == Output::json) {
    json::array services_json;
    for (const Verified& verified : all) services_json.push_back(to_json(verified));
    std::cout << json::serialize(services_json) << '\n';
  } else {
    print(all);
  }
  const bool equal = std::ranges::all_of(all, [](const Verified& each) {
    return each.outcome.different == 0 && !each.outcome.mostly_gone();
  });
  return equal ? exit_code::done : exit_code::failed;
}

}  // namespace hangar::cli
