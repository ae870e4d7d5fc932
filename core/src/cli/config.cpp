#include <fmt/format.h>

#include <iostream>

#include "cli/commands.hpp"
#include "cli/refusals.hpp"
#include "config/render.hpp"
#include "host/installation.hpp"

namespace hangar::cli {
namespace {

void load(Installation& installation, Installation::Checked checked) {
  installation.load(checked);
  for (const auto& warning : installation.loaded().warnings) {
    fmt::print(stderr, "hangar: warning: {}\n", warning);
  }
}

}  // namespace

int check_config(const HostOptions& host) {
  Installation installation{host};
  load(installation, Installation::Checked::everything);
  const int code = tell_refusals(installation);
  fmt::print(stderr, "hangar: the configuration is valid\n");
  return code;
}

int show_config(const HostOptions& host, Output output) {
  Installation installation{host};
  load(installation, Installation::Checked::values);
  const auto& origins = installation.loaded().origins;
  std::cout << (output == Output::json ? render_json(installation.sections(), origins)
                                       : render_show(installation.sections(), origins));
  return exit_code::done;
}

int print_schema(const HostOptions& host) {
  std::cout << render_schema(Installation{host}.sections());
  return exit_code::done;
}

int print_example(const HostOptions& host) {
  std::cout << render_example(Installation{host}.sections());
  return exit_code::done;
}

int print_table(const HostOptions& host) {
  std::cout << render_table(Installation{host}.sections());
  return exit_code::done;
}

}  // namespace hangar::cli
