#pragma once

#include <array>

#include "cli/commands.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the name is CLI11's
class App;
}  // namespace CLI

/// The words of `hangar status`, `hangar top` and `hangar check`.
namespace hangar::cli {

inline constexpr std::array all_checks{Checked::lag, Checked::dlq, Checked::ready};

const char* name_of(Checked what);
const char* help_of(Checked what);

void add_status_options(CLI::App& command, StatusOptions& options);
void add_top_options(CLI::App& command, TopOptions& options);
void add_check_options(CLI::App& command, Checked what, CheckOptions& options);

}  // namespace hangar::cli
