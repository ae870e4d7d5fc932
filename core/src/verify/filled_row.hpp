#pragma once

#include <span>
#include <vector>

#include "hangar/table.hpp"

// What a database makes of the cells that it is given.
namespace hangar {

/// What a database fills in, inferred or generated.
std::vector<Cell> declared_defaults(const Table& table);

/// The row with defaults for its absent cells.
std::vector<Cell> with_defaults(std::span<const Cell> row, std::span<const Cell> defaults);

/// The sum of two numbers of one type. Throws DataError as a database does.
Cell sum(const Column& column, const Cell& stored, const Cell& added);

}  // namespace hangar
