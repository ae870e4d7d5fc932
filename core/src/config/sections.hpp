#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/interpolate.hpp"
#include "hangar/config.hpp"

namespace hangar {

/// Everything that can be configured in this process, as one tree: the host's members at the root,
/// each service's under `services.<name>`.
struct Sections {
  Fields host;
  std::map<std::string, Fields> services;
  /// Services whose library is there but was refused. Their settings are read by nobody and are no
  /// error, so that one bad plugin does not take the others down.
  std::set<std::string> refused;
};

/// One field with its dotted path, for example `services.task_run_recorder.batch_size`.
struct Entry {
  std::string path;
  const Field* field;
};

/// Every field in the order of its declaration, the services by name after the host.
std::vector<Entry> entries(const Sections& sections);

/// What all of them watch of other programs' settings.
std::vector<OtherSettings> watched(const Sections& sections);

/// Whether a variable of another program's settings says something that Hangar could take, or is
/// one of those that are left alone.
enum class Meant { for_anybody, for_them };

/// The variables that are set, empty ones too, and belong to those settings. Other programs may
/// read names in lower case, so those count as well where the one in upper case is not set.
std::vector<std::string> variables_of(const OtherSettings& settings, const Environment& environment,
                                      Meant meant = Meant::for_anybody);

/// The text with its ASCII letters in upper case.
std::string in_upper_case(std::string text);

/// The blocks of those settings that are set and not empty.
std::vector<OtherSettings::Block> blocks_of(const OtherSettings& settings,
                                            const Environment& environment);

/// What to do about a block. `own` says what Hangar's own settings of the same are.
std::string block_refusal(const OtherSettings::Block& block, std::string_view own);

/// The environment, and what begins with `prefix` in any case also by its name in upper case; one
/// that is there so and not empty wins.
Environment with_upper_case(Environment environment, std::string_view prefix);

/// `HANGAR_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE` for that path.
std::string environment_name(std::string_view path);

/// Whether the variable is somebody else's although it begins with HANGAR_: what Kubernetes sets
/// for a Service of that name, and what the tests use.
bool is_foreign_variable(std::string_view name);

/// One sentence for each two fields that one variable would set, and for each field whose variable
/// is somebody else's.
std::vector<std::string> check_collisions(const Sections& sections);

}  // namespace hangar
