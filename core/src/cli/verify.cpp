#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "hangar/error.hpp"
#include "host/installation.hpp"
#include "log/stderr_log.hpp"
#include "verify/verification.hpp"

namespace json = boost::json;

namespace hangar::cli {
namespace {

json::object to_json(const Difference& difference) {
  json::object object{{"run", difference.root},        {"table", difference.table},
                      {"row", difference.row},         {"column", difference.column},
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
  return {{"service", verified.service},
          {"events", verified.events},
          {"unsettled", verified.unsettled},
          {"rows", outcome.rows},
          {"newer", outcome.newer},
          {"gone", outcome.gone},
          {"owned", outcome.owned},
          {"expired", outcome.expired},
          {"unclear", outcome.unclear},
          {"different", outcome.different},
          {"differences", std::move(differences)}};
}

/// The services of these names, or the enabled ones when there is no name. Takes their factories.
/// Throws ConfigError for a name that nobody has.
std::vector<std::unique_ptr<SingleRun>> chosen_services(Installation& installation,
                                                        const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<SingleRun>> chosen;
  for (auto& service : installation.services()) {
    const std::string name = service.plugin->name;
    const bool wanted =
        names.empty() ? service.factory->enabled() : std::ranges::find(names, name) != names.end();
    if (!wanted) continue;
    auto log = std::make_unique<StderrLog>(name, log_level(installation.config().log.level),
                                           StderrLog::Format::text);
    chosen.push_back(
        std::make_unique<SingleRun>(*service.plugin, std::move(service.factory), std::move(log)));
  }
  for (const std::string& name : names) {
    if (std::ranges::any_of(chosen, [&](const auto& service) { return service->name() == name; }))
      continue;
    throw ConfigError{
        fmt::format("--service: there is no service '{}'; see `hangar services ls`", name)};
  }
  return chosen;
}

void summarize(const Verified& verified) {
  const Comparison::Outcome& outcome = verified.outcome;
  fmt::print(stderr, "{}: {} events say what {} rows are; {} values differ\n", verified.service,
             verified.events, outcome.rows, outcome.different);
  const auto note = [](std::uint64_t count, const char* text) {
    if (count > 0) fmt::print(stderr, "{} {}\n", count, text);
  };
  note(outcome.newer, "rows are stored in a newer version, and were not compared");
  note(outcome.gone, "rows were deleted together with what they belong to");
  if (outcome.mostly_gone()) {
    fmt::print(stderr,
               "which is most of the {} that belong to something: is storage.url the database that "
               "these events were recorded in?\n",
               outcome.owned);
  }
  note(outcome.expired, "rows are past retention and not stored, and were not compared");
  note(outcome.unclear, "rows are stored under another id, which events that expired may explain");
  note(verified.unsettled, "positions of the stream are not settled yet, and were left out");
  if (outcome.different > outcome.differences.size()) {
    fmt::print(stderr, "only the first {} differences are listed\n", outcome.differences.size());
  }
}

void print_verified(const std::vector<Verified>& all) {
  TextTable table{{"RUN", "TABLE", "ROW", "COLUMN", "DERIVED", "STORED"}};
  bool any = false;
  for (const Verified& verified : all) {
    for (const Difference& difference : verified.outcome.differences) {
      any = true;
      table.add({difference.root, difference.table, difference.row, difference.column,
                 difference.derived, difference.stored.value_or("(no such row)")});
    }
  }
  if (any) table.print_to_standard_output();
}

}  // namespace

int verify(const HostOptions& host, Output output, const VerifyOptions& options) {
  Installation installation{host};
  installation.load();
  const auto services = chosen_services(installation, host.only);
  const ShadowStorage::Options how{options.all ? std::nullopt : std::optional{options.sample},
                                   options.seed.value_or(std::random_device{}())};
  Verification verification{installation, how};
  std::vector<Verified> all;
  for (const auto& service : services) {
    Verified verified = verification.verify(*service);
    if (verified.signal != 0) return 128 + verified.signal;
    if (!verified.has_tables) continue;
    summarize(verified);
    all.push_back(std::move(verified));
  }
  if (all.empty()) {
    throw ConfigError{"there is nothing to verify: no service that is enabled has tables"};
  }
  if (!options.all) fmt::print(stderr, "drawn with --seed {}\n", how.seed);
  if (output == Output::json) {
    json::array services_json;
    for (const Verified& verified : all) services_json.push_back(to_json(verified));
    std::cout << json::serialize(services_json) << '\n';
  } else {
    print_verified(all);
  }
  return std::ranges::all_of(all, &Verified::agrees) ? exit_code::done : exit_code::failed;
}

}  // namespace hangar::cli
