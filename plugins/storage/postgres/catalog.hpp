#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <span>

#include "hangar/storage.hpp"
#include "schema.hpp"

namespace hangar::postgres {

/// The table of that name in the search path, if there is one. Throws libpqxx's exceptions.
[[nodiscard]] std::optional<StoredTable> read_table(pqxx::work& transaction, const Table& table);

/// Creates the tables that are absent, with their enumeration types, indexes and foreign keys, when
/// no other process does so at the same time, else waits for it; trigram indexes only where the
/// extension pg_trgm is or can be made available. Throws libpqxx's exceptions.
void create_absent(pqxx::work& transaction, std::span<const Table* const> tables);

}  // namespace hangar::postgres
