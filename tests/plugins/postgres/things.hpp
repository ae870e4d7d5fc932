#pragma once

#include <cstdint>

#include "hangar/storage.hpp"

namespace hangar::postgres {

namespace thing {
enum Column : std::size_t { id, made, owner, part, name, count, kind, spent, body };
}  // namespace thing

/// Every type of column; unique key (owner, part), and an index on owner alone as Prefect's
/// task_run has.
const Table& thing_table();

namespace mark {
enum Column : std::size_t { id, thing_id };
}  // namespace mark

/// Refers to `thing`.
const Table& mark_table();

Uuid uuid_of(std::uint64_t number);

/// Adds a thing with this id, of this owner, whose part is `part`.
std::span<Cell> add_thing(Rows& rows, std::uint64_t id, std::uint64_t owner = 0,
                          std::string_view part = "part");

}  // namespace hangar::postgres
