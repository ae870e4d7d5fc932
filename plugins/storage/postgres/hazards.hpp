#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::postgres {

/// What the server, or this role's or database's settings, do to commits: ok, or what may be lost
/// and the command that mends it. Throws libpqxx's exceptions, as all of these.
[[nodiscard]] std::vector<Check> durability(pqxx::work& transaction);

/// What the encoding of the database cannot hold; nothing where it holds all.
[[nodiscard]] std::optional<Check> encoding(pqxx::work& transaction);

/// The same of one table that is there: whether a crash empties it, and whether row-level security
/// or a rule stands between. Empty when all is well.
[[nodiscard]] std::vector<Check> table_hazards(pqxx::work& transaction, const Table& table);

}  // namespace hangar::postgres
