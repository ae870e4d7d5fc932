#pragma once

#include "hangar/error.hpp"
#include "hangar/table.hpp"

namespace hangar::prefect {

/// The error of a row that the database neither stored nor refused, and that no other keeps out.
DataError dropped_row(const Table& table);

}  // namespace hangar::prefect
