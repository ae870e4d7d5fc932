#include "prefect/dropped_row.hpp"

#include <fmt/format.h>

namespace hangar::prefect {

DataError dropped_row(const Table& table) {
  return {"dropped_row",
          fmt::format("the database dropped a row of {0} without an error, as a trigger does that "
                      "returns NULL or raises IGNORE, and a unique index that is not Prefect's: "
                      "look at the triggers and indexes of {0}",
                      table.name)};
}

}  // namespace hangar::prefect
