#include "cli/watch_options.hpp"

#include <CLI/CLI.hpp>

#include "cli/usage.hpp"

namespace hangar::cli {
namespace {

constexpr const char* status_help =
    "Exit codes: 0 a host runs, and with --ready or --wait all are ready; else 1, with the "
    "reason.\n"
    "Examples:\n"
    "  hangar status                what runs here, and how far it is behind\n"
    "  hangar status --wait         wait up to 60 s until it is ready; --wait=5m\n"
    "  hangar status --ready        for the health check of a container\n"
    "It asks at admin.listen, and the hosts that have this data_dir.";

/// Above what is said of every command.
void add_help(CLI::App& command, const std::string& help) {
  command.footer(help + "\n\n" + command.get_footer());
}

}  // namespace

void add_status_options(CLI::App& command, StatusOptions& options) {
  add_help(command, status_help);
  command.add_flag("--ready", options.ready, "Print nothing but why one is not ready");
  command.add_flag("--wait{60}", options.wait, "Wait until all are ready, 60 s or --wait=TIME")
      ->check(is_duration);
}

}  // namespace hangar::cli
