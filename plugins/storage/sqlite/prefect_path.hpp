#pragma once

#include <optional>
#include <string>

#include "hangar/other_database.hpp"

namespace hangar::sqlite {

/// The URL of the SQLite file that a Prefect server with these variables uses; nothing when they
/// name none. Throws ConfigError, which names the variable.
[[nodiscard]] std::optional<std::string> prefect_path(OtherVariables& variables);

}  // namespace hangar::sqlite
