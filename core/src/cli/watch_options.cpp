#include "cli/watch_options.hpp"

#include <CLI/CLI.hpp>
#include <chrono>

#include "cli/usage.hpp"
#include "config/problems.hpp"
#include "config/value.hpp"

namespace hangar::cli {
namespace {

constexpr const char* status_help =
    "RATE is how many messages were recorded, ignored or dead-lettered in the second that this\n"
    "takes; -o json has the counters instead, and takes no second.\n"
    "Exit codes: 0 a host runs, and with --ready or --wait all are ready; else 1, with the "
    "reason.\n"
    "Examples:\n"
    "  hangar status                what runs here, and how far it is behind\n"
    "  hangar status --wait         wait up to 60 s until it is ready; --wait=5m\n"
    "  hangar status --ready        for the health check of a container\n"
    "It asks at admin.listen, and the hosts that have this data_dir.";

constexpr const char* top_help =
    "RATE is how many messages a second were recorded, ignored or dead-lettered between two "
    "looks.\n"
    "Ctrl-C ends it. Where standard output is no terminal each look is printed below the last "
    "one.\n"
    "Exit codes: 0 the last look found a host; else 1.\n"
    "It asks at admin.listen, and the hosts that have this data_dir.";

constexpr const char* check_help =
    "One line with performance data. Exit codes are those of Nagios: 0 OK, 1 WARNING, 2 CRITICAL,\n"
    "3 UNKNOWN: no host can be asked, or these words or the configuration are wrong.\n"
    "It asks at admin.listen, and the hosts that have this data_dir.";

std::string is_interval(const std::string& text) {
  const bool good = is_duration(text).empty() && parse_duration(text) >= std::chrono::seconds{1};
  return good ? "" : in_quotes(text) + " is no duration like 2s or 1m, from 1s to 31d";
}

/// Above what is said of every command.
void add_help(CLI::App& command, const std::string& help) {
  command.footer(help + "\n\n" + command.get_footer());
}

}  // namespace

const char* name_of(Checked what) {
  if (what == Checked::lag) return "lag";
  return what == Checked::dlq ? "dlq" : "ready";
}

const char* help_of(Checked what) {
  if (what == Checked::lag) return "How old is the oldest message that is not acked?";
  return what == Checked::dlq ? "Are there dead letters?" : "Are all hosts here ready?";
}

void add_status_options(CLI::App& command, StatusOptions& options) {
  add_help(command, status_help);
  command.add_flag("--ready", options.ready, "Print nothing but why one is not ready");
  command.add_flag("--wait{60}", options.wait, "Wait until all are ready, 60 s or --wait=TIME")
      ->check(is_duration);
}

void add_top_options(CLI::App& command, TopOptions& options) {
  add_help(command, top_help);
  command.add_option("--interval", options.interval, "How long between two looks; else 2s")
      ->check(is_interval);
  command.add_option("--count", options.count, "End after so many looks")->check(is_positive);
}

void add_check_options(CLI::App& command, Checked what, CheckOptions& options) {
  add_help(command, check_help);
  if (what == Checked::ready) return;
  const bool lag = what == Checked::lag;
  const auto is_limit = lag ? is_duration : is_whole;
  command
      .add_option(
          "--warning", options.warning,
          lag ? "WARNING when it is older; else 60s" : "WARNING when there are more; else 0")
      ->check(is_limit);
  command
      .add_option("--critical", options.critical,
                  lag ? "CRITICAL when it is older; else 5m" : "CRITICAL when there are more")
      ->check(is_limit);
  if (lag) command.add_option("--durable", options.durable, "Only of this durable");
}

}  // namespace hangar::cli
