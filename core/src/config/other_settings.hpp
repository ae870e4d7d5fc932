#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/interpolate.hpp"
#include "config/load.hpp"
#include "hangar/other_database.hpp"

namespace hangar {

/// Sets `url` to the database that another program's variables name, when nothing of Hangar's own
/// sets `storage.url`, and notes its origin and the variables that nobody takes. Throws ConfigError
/// when variables name a database and no storage takes it.
void take_other_database(std::span<const OtherDatabase> databases, const Sections& sections,
                         const Environment& environment, Url& url, Loaded& loaded);

/// A file of another program that holds settings which Hangar watches, but does not read.
struct OtherFile {
  std::string path;
  std::vector<std::string> settings;  ///< Their names as variables.
};
/// Those that are there: TOML, or `NAME=value` lines. A file that cannot be read is left out.
std::vector<OtherFile> find_other_files(std::span<const OtherSettings> watched,
                                        const Environment& environment);

}  // namespace hangar
