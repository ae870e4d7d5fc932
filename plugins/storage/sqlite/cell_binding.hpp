#pragma once

#include "connection.hpp"
#include "hangar/storage.hpp"
#include "stored_form.hpp"

namespace hangar::sqlite {

/// Binds a cell in the stored form of its column; an absent one is a null. `buffer` and the cell's
/// text live until the statement is reset. Throws DataError for what no storage can hold: a word
/// outside of the enumeration, a time outside of the years 1 to 9999; and std::logic_error for a
/// cell of another kind than its column.
void bind_cell(Statement& statement, int parameter, const Table& table, std::size_t column,
               const Cell& cell, FormBuffer& buffer);

/// Reads a result column; text is kept by `rows`. Throws DataError when what is stored is in no
/// form of the column's type.
Cell read_cell(const Statement& statement, int result, const Column& column, Rows& rows);

}  // namespace hangar::sqlite
