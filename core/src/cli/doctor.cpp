#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/describe.hpp"
#include "cli/commands.hpp"
#include "cli/running_hosts.hpp"
#include "config/other_settings.hpp"
#include "config/sections.hpp"
#include "doctor/examination.hpp"
#include "doctor/listener_check.hpp"
#include "hangar/error.hpp"
#include "hangar/version.hpp"
#include "host/installation.hpp"
#include "host/nats_context.hpp"
#include "host/nats_server.hpp"
#include "http/listen_address.hpp"
#include "log/stderr_log.hpp"
#include "service/needs_check.hpp"
#include "status/state_file.hpp"

namespace json = boost::json;

namespace hangar::cli {
namespace {

using enum Check::Verdict;

/// Looks at one thing after the other and keeps what it saw.
class Doctor {
 public:
  explicit Doctor(Installation& installation) : installation_{installation} {}

  void look_at_host();
  void look_at_services();
  void look_at_listeners();
  void look_at_nats();
  void look_at_storage();
  [[nodiscard]] const std::vector<Check>& checks() const noexcept { return checks_; }
  [[nodiscard]] int code() const;

 private:
  void add(std::vector<Check> more) { std::ranges::move(more, std::back_inserter(checks_)); }

  Installation& installation_;
  std::vector<ExaminedService> services_;  ///< Those that are enabled.
  std::vector<Check> checks_;
  bool unreachable_ = false;
};

void Doctor::look_at_host() {
  checks_.push_back({ok, "hangar", std::string{version}});
  for (const std::string& warning : installation_.loaded().warnings) {
    checks_.push_back({warn, "settings", warning, "hangar config show"});
  }
  std::set<std::string> left_alone;
  for (const OtherSettings& settings : installation_.other_settings()) {
    for (const std::string& name :
         variables_of(settings, installation_.environment(), Meant::for_them)) {
      left_alone.insert(name);
    }
  }
  if (!left_alone.empty()) {
    checks_.push_back(
        {ok,
         "settings",
         fmt::format("for another program alone, and not taken: {}", fmt::join(left_alone, ", ")),
         {}});
  }
  for (const OtherFile& file :
       find_other_files(installation_.other_settings(), installation_.environment())) {
    checks_.push_back({warn, "settings",
                       fmt::format("{} sets {}, which Hangar does not read from there", file.path,
                                   fmt::join(file.settings, ", ")),
                       "put them into Hangar's environment if they are meant for it"});
  }
  for (const FoundPlugin& found : installation_.plugins()) {
    const std::string what = "plugin " + found.path.stem().string();
    if (!found.hidden_by.empty()) {
      checks_.push_back(
          {ok,
           what,
           fmt::format("{} is hidden by {}", found.path.string(), found.hidden_by.string()),
           {}});
    }
    if (!found.refused()) continue;
    checks_.push_back({found.switched_off ? warn : fail, what, "it is refused: " + found.refusal,
                       "hangar plugins ls"});
  }
  const auto folder = installation_.known_data_dir();
  const auto hosts = folder ? StateFile::read(*folder) : ServiceStatuses{};
  for (const auto& [name, status] : hosts) {
    if (status.failure.empty()) continue;
    checks_.push_back(
        {fail, "service " + name, fmt::format("it is {}: {}", status.state, status.failure), {}});
  }
  add(check_running_hosts(folder, installation_.config().admin.listen));
}

// One whose needs cannot be told is said; the others are looked at.
void Doctor::look_at_services() {
  for (const Installation::Service& service : installation_.services()) {
    if (!service.factory->enabled()) continue;
    const std::string name = service.plugin->name;
    try {
      services_.push_back({name, checked_needs(name, *service.factory)});
    } catch (...) {
      checks_.push_back({fail, "service " + name, describe(std::current_exception()), {}});
    }
  }
}

// As `run` does it, and lets go of it at once.
void Doctor::look_at_listeners() {
  const auto folder = installation_.known_data_dir();
  const auto running = folder ? StateFile::read(*folder) : ServiceStatuses{};
  for (const ExaminedService& service : services_) {
    for (const ListensOn& listener : service.needs.listens) {
      const std::string setting = setting_of(service.name, listener);
      const std::string what = "listener " + setting;
      add(check_listener(listener, setting, what));
      const auto host = running.find(service.name);
      if (host != running.end() && host->second.failure.empty()) {
        checks_.push_back({ok, what, "a host that runs here has it", {}});
        continue;
      }
      try {
        boost::asio::io_context context;
        boost::asio::ip::tcp::acceptor acceptor{context};
        bind_to(acceptor, listener.address, setting);
        checks_.push_back({ok, what, fmt::format("{} is free", listener.address), {}});
      } catch (const ConfigError& error) {
        checks_.push_back({fail, what, error.what(), "`ss -ltnp` shows who listens where"});
      }
    }
  }
}

void Doctor::look_at_nats() {
  const std::string selected = selected_nats_context(installation_.environment());
  if (!selected.empty() && installation_.config().nats.context.empty()) {
    checks_.push_back({ok, "nats context",
                       fmt::format("{} is selected in the nats CLI and not taken: set nats.context "
                                   "or NATS_CONTEXT where it should be",
                                   selected)});
  }
  // What the connection says is in the checks too.
  StderrLog log{"hangar", LogLevel::error, StderrLog::Format::text};
  try {
    const NatsServer nats_server{installation_, log};
    Examined examined = examine_nats(nats_server.settings(), services_, log);
    const std::string trouble = nats_server.trouble();
    if (!trouble.empty()) checks_.push_back({fail, "nats", trouble, ""});
    // It is not reached for that, and not for what the hints would say.
    if (trouble.empty() || examined.reached) add(std::move(examined.checks));
    unreachable_ = unreachable_ || !examined.reached;
  } catch (const ConfigError& error) {
    checks_.push_back({fail, "nats", error.what(), "hangar config show"});
  }
}

void Doctor::look_at_storage() {
  const std::string& type = installation_.config().storage.type;
  const std::string what = type.empty() ? "storage" : type;
  std::vector<const Table*> tables;
  for (const ExaminedService& service : services_) {
    for (const Table* table : service.needs.tables) {
      const auto same = [&](const Table* other) { return other->name == table->name; };
      const auto found = std::ranges::find_if(tables, same);
      if (found == tables.end()) {
        tables.push_back(table);
      } else if ((*found)->read_only) {
        *found = table;
      }
    }
  }
  try {
    add(installation_.make_storage()->examine(tables, installation_.creation()));
  } catch (const TransientError& error) {
    unreachable_ = true;
    // A server that answered said what it refuses, and the storage what mends it.
    const bool answered = !error.sqlstate().empty();
    checks_.push_back(
        {fail, what, error.what(), answered ? "" : "is it running, and is storage.url right?"});
  } catch (const ConfigError& error) {
    checks_.push_back({fail, what, error.what(), "hangar config show"});
  }
}

int Doctor::code() const {
  if (unreachable_) return exit_code::unavailable;
  const bool failed = std::ranges::find(checks_, fail, &Check::verdict) != checks_.end();
  return failed ? exit_code::failed : exit_code::done;
}

std::string_view word(Check::Verdict verdict) {
  return verdict == ok ? "ok" : verdict == warn ? "warn" : "fail";
}

void print_checks(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    const std::string mark = fmt::format("[{}]", word(check.verdict));
    std::cout << fmt::format("{:<6} {}: {}\n", mark, check.what, printable(check.found));
    if (!check.hint.empty()) std::cout << fmt::format("       hint: {}\n", printable(check.hint));
  }
}

}  // namespace

int doctor(const HostOptions& host, Output output) {
  Installation installation{host};
  installation.load();
  Doctor visit{installation};
  visit.look_at_host();
  visit.look_at_services();
  visit.look_at_listeners();
  visit.look_at_nats();
  visit.look_at_storage();
  if (output == Output::json) {
    json::array all;
    for (const Check& check : visit.checks()) {
      all.push_back(json::object{{"verdict", word(check.verdict)},
                                 {"what", check.what},
                                 {"found", check.found},
                                 {"hint", check.hint}});
    }
    std::cout << json::serialize(all) << '\n';
  } else {
    print_checks(visit.checks());
  }
  return visit.code();
}

}  // namespace hangar::cli
