#pragma once

#include "hangar/config.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the name is CLI11's
class App;
}  // namespace CLI

namespace hangar {

/// Adds an option for each of the fields, which outlive the command: `--dry-run` for `dry_run`. A
/// bool takes no value; other values are written as in variables, with the same types and bounds.
/// Throws for what the command line cannot have.
void add_options(CLI::App& command, const Fields& fields);

}  // namespace hangar
