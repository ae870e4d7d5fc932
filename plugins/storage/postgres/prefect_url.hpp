#pragma once

#include <optional>
#include <string>

#include "hangar/other_database.hpp"

namespace hangar::postgres {

/// The URL of the PostgreSQL database that a Prefect server with these variables uses, with libpq's
/// parameters for what Prefect's connect args say; nothing when they name none. Throws ConfigError,
/// which names the variable and shows no value.
[[nodiscard]] std::optional<std::string> prefect_url(OtherVariables& variables);

}  // namespace hangar::postgres
