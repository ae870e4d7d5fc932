#pragma once

#include <string>
#include <vector>

#include "config/candidate.hpp"
#include "config/interpolate.hpp"
#include "config/sections.hpp"

namespace hangar {

/// Puts what HANGAR_* variables that are not empty say over the candidates. A secret or a URL may
/// be in the file that
/// `<NAME>_FILE` names; a problem when both are set. Returns warnings about HANGAR_* variables that
/// nothing reads.
std::vector<std::string> read_environment_layer(const Environment& environment,
                                                const Sections& sections, Candidates& candidates,
                                                Problems& problems);

/// Fills what no candidate sets from the variables of other programs, empty ones left out.
void read_other_variables(const Environment& environment, const Sections& sections,
                          Candidates& candidates);

}  // namespace hangar
