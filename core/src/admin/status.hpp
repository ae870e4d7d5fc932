#pragma once

#include <string>

#include "status/snapshot.hpp"

namespace hangar {

/// What `/status` answers: one JSON object and a line feed; times in RFC 3339, without secrets.
std::string status_json(const Snapshot& seen);

}  // namespace hangar
