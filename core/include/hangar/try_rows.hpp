#pragma once

#include <span>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar {

/// For `Storage::examine`: why a row of each table, which are all there, cannot be written and
/// changed; nothing where all of it can. Triggers, rules and what their functions lack show in
/// nothing else. The rows are rolled back. Throws TransientError when the session is lost.
HANGAR_API std::vector<Check> try_rows(Session& session, std::span<const Table* const> tables);

}  // namespace hangar
