#pragma once

#include "hangar/storage.hpp"
#include "storage/postgres/index_row.hpp"

namespace hangar::recorder::test {

/// What the reference's verdicts were told with: it recorded in a PostgreSQL.
inline constexpr StorageLimits postgres_limits{.nul = false, .index_takes = postgres::index_takes};

}  // namespace hangar::recorder::test
