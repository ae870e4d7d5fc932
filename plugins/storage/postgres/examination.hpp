#pragma once

#include <pqxx/pqxx>
#include <span>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::postgres {

/// `Storage::examine` in a transaction. Throws libpqxx's exceptions.
[[nodiscard]] std::vector<Check> examine(pqxx::work& transaction,
                                         std::span<const Table* const> tables, Creation creation);

}  // namespace hangar::postgres
