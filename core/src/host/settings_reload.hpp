#pragma once

#include <string>
#include <vector>

#include "config/sections.hpp"
#include "hangar/host.hpp"
#include "hangar/log.hpp"
#include "host/installation.hpp"
#include "log/stderr_log.hpp"

namespace hangar {

/// The settings that are not the same in both, or are in one of them only. Of a URL only what may
/// be shown counts: the secret in it is read again for each connection.
std::vector<std::string> changed_settings(const Sections& before, const Sections& after);

/// Reads the settings of a host again and applies what can be: log.level. Says in the log what
/// needs a restart. Settings that are wrong are an error in the log and change nothing. Blocking.
void reload_settings(const HostOptions& options, const Installation& running,
                     LogThreshold& threshold, Log& log);

}  // namespace hangar
