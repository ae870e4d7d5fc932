#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/interpolate.hpp"
#include "config/problems.hpp"
#include "config/sections.hpp"
#include "config/value.hpp"

namespace hangar {

struct LoadInputs {
  std::vector<std::filesystem::path> files;  ///< Files, or folders of `*.yaml`; a later one wins.
  std::vector<std::string> sets;             ///< `a.b=value`; a later one wins.
  Environment environment;
};

/// Where each value came from, by dotted path: `flag --set`, `environment HANGAR_NATS_URL`,
/// `hangar.yaml:14:5` or `default`. Has every path.
using Origins = std::map<std::string, std::string>;

/// Whether nothing set the value, an empty variable left aside.
inline bool is_default(std::string_view origin) { return origin.starts_with("default"); }

/// Where a person corrects a value: a place in a file, or what names it elsewhere.
struct Whence {
  Place place;
  std::string label;  ///< The variable or the flag; empty for a value of a file.
};

struct Loaded {
  Origins origins;
  std::map<std::string, Whence> set;  ///< By dotted path; without what is at its default.
  std::vector<std::string> warnings;  ///< Without secrets; one sentence each.
  /// Variables that are set but empty, which counts as not set.
  std::set<std::string> empty;
  /// Variables of settings that the sections watch and no field takes.
  std::set<std::string> untaken;
};

/// Adds what is wrong with values that are each of their type and in their range, and may say where
/// a value comes from that it fills in.
using SettingsCheck = std::function<void(Loaded&, Problems&)>;

/// Fills every member that the sections bind: from a flag, else the environment, else the last file
/// that has it, else the variables of other programs, else it stays at its default. An empty
/// variable counts as not set; an empty value in a flag or a file is one.
///
/// Throws ConfigError that lists everything that is wrong, and has then changed nothing. Only the
/// value that wins is expanded and read; names and shapes are checked in every file. `check` runs
/// when the members are filled, those that cannot be read being as they were.
Loaded load(const Sections& sections, const LoadInputs& inputs, const SettingsCheck& check = {});

/// What the inputs set one member to now, or nothing: for the folders of plugins, which must be
/// known before the sections can be, for a service whose library was refused, and for a secret
/// whose file may have been replaced since. Whatever is wrong with the inputs is left for `load` to
/// report. May run on any thread.
std::optional<Value> peek(const Sections& sections, const std::string& path,
                          const LoadInputs& inputs);

}  // namespace hangar
