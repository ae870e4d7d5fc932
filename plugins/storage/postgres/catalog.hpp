#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <span>
#include <string>

#include "hangar/storage.hpp"
#include "schema.hpp"

namespace hangar::postgres {

/// What one expression is, as text.
[[nodiscard]] std::string asked(pqxx::work& transaction, const std::string& expression);
[[nodiscard]] bool asked_whether(pqxx::work& transaction, const std::string& expression);

/// The expression for the table's number; null when it is not in the search path.
[[nodiscard]] std::string oid_of(const Table& table);

/// What a user reads of a table that is not found: that it is in a schema which this user does not
/// search or may not use, with the command that mends it, or that there is none.
[[nodiscard]] std::string why_absent(pqxx::work& transaction, const Table& table);

/// The table of that name in the search path, if there is one. Throws libpqxx's exceptions.
[[nodiscard]] std::optional<StoredTable> read_table(pqxx::work& transaction, const Table& table);

/// Creates the tables that are absent, with their enumeration types, indexes and foreign keys, when
/// no other process does so at the same time, else waits for it; trigram indexes only where the
/// extension pg_trgm is or can be made available. Throws libpqxx's exceptions.
void create_absent(pqxx::work& transaction, std::span<const Table* const> tables);

/// The statement that lets this user create tables; empty when he may.
std::string creation_grant(pqxx::work& transaction);

}  // namespace hangar::postgres
