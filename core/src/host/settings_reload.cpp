#include "host/settings_reload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <map>
#include <sstream>
#include <variant>

#include "api/describe.hpp"
#include "config/shown_value.hpp"
#include "config/value.hpp"

namespace hangar {
namespace {

constexpr const char* level_path = "log.level";

bool same(const Field& one, const Field& other) {
  if (one.target.index() != other.target.index()) return false;
  if (std::holds_alternative<Url*>(one.target)) return shown_yaml(one) == shown_yaml(other);
  return present(one) == present(other);
}

void apply_level(const std::string& word, LogThreshold& threshold, Log& log) {
  const LogLevel level = log_level(word);
  // Said at the lower of the two levels.
  const LogLevel before = threshold.load();
  if (before == level) return;
  threshold = std::min(before, level);
  log.info("SIGHUP: {} is {} from now on", level_path, word);
  threshold = level;
}

}  // namespace

std::vector<std::string> changed_settings(const Sections& before, const Sections& after) {
  std::map<std::string, const Field*> left;
  for (const Entry& entry : entries(before)) left.emplace(entry.path, entry.field);
  std::vector<std::string> changed;
  for (const Entry& entry : entries(after)) {
    const auto found = left.find(entry.path);
    if (found == left.end() || !same(*found->second, *entry.field)) changed.push_back(entry.path);
    if (found != left.end()) left.erase(found);
  }
  for (const auto& [path, field] : left) changed.push_back(path);
  return changed;
}

void reload_settings(const HostOptions& options, const Installation& running,
                     LogThreshold& threshold, Log& log) {
  try {
    Installation next{options};
    next.load(Installation::Checked::everything);
    for (const std::string& warning : next.loaded().warnings) log.warning("{}", warning);
    apply_level(next.config().log.level, threshold, log);
    std::vector<std::string> changed = changed_settings(running.sections(), next.sections());
    std::erase(changed, level_path);
    if (changed.empty()) {
      log.info("SIGHUP: settings were read again; none needs a restart");
    } else {
      log.warning("SIGHUP: these settings changed and need a restart: {}",
                  fmt::join(changed, ", "));
    }
  } catch (...) {
    log.error("SIGHUP: the settings are wrong, so nothing is changed:");
    std::istringstream lines{describe(std::current_exception())};
    for (std::string line; std::getline(lines, line);) log.error("{}", line);
  }
}

}  // namespace hangar
