#include "cli/dry_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hangar/error.hpp"
#include "log/stderr_log.hpp"

namespace hangar::cli {

std::vector<std::unique_ptr<DryRun>> dry_runs(Installation& installation,
                                              const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<DryRun>> chosen;
  for (auto& service : installation.services()) {
    const std::string name = service.plugin->name;
    const bool wanted =
        names.empty() ? service.factory->enabled() : std::ranges::find(names, name) != names.end();
    if (!wanted) continue;
    auto log = std::make_unique<StderrLog>(name, log_level(installation.config().log.level),
                                           StderrLog::Format::text);
    chosen.push_back(
        std::make_unique<DryRun>(*service.plugin, std::move(service.factory), std::move(log)));
  }
  for (const std::string& name : names) {
    if (std::ranges::any_of(chosen, [&](const auto& dry_run) { return dry_run->name() == name; }))
      continue;
    throw ConfigError{
        fmt::format("--service: there is no service '{}'; see `hangar services ls`", name)};
  }
  return chosen;
}

}  // namespace hangar::cli
