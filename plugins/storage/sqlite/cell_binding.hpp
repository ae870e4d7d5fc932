#pragma once

#include "connection.hpp"
#include "hangar/storage.hpp"
#include "stored_form.hpp"

namespace hangar::sqlite {

/// Binds a cell that is not absent in the stored form of its column. `buffer` and the cell's text
/// live until the statement is reset. Throws DataError for what no storage can hold: a
/// word outside of the enumeration, a time outside of the years 1 to 9999.
void bind_cell(Statement& statement, int parameter, const Table& table, std::size_t column,
               const Cell& cell, FormBuffer& buffer);

/// Reads a result column; text is kept by `rows`. Throws DataError when what is stored is in no
/// form of the column's type.
Cell read_cell(const Statement& statement, int result, const Column& column, Rows& rows);

/// What an absent cell of an insert stands for: the declared default in the present moment, or
/// null.
Cell default_cell(const Column& column, Timestamp now);

}  // namespace hangar::sqlite
