#pragma once

#include "cli/commands.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the name is CLI11's
class App;
}  // namespace CLI

/// The words of `hangar status`.
namespace hangar::cli {

void add_status_options(CLI::App& command, StatusOptions& options);

}  // namespace hangar::cli
