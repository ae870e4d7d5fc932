#pragma once

#include <cstdint>
#include <string>

#include "status/snapshot.hpp"

namespace hangar {

/// What `/status` answers: one JSON object and a line feed; times in RFC 3339, without secrets.
std::string status_json(const Snapshot& seen);

/// Of all services: there is one stream of them.
std::uint64_t dead_letters(const Snapshot& seen);

}  // namespace hangar
