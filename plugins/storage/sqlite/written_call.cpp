#include "written_call.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace hangar::sqlite {
namespace {

std::shared_ptr<const Rows> copy(const Rows& rows) {
  auto copied = std::make_shared<Rows>(rows.table());
  copied->reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::span<Cell> cells = copied->add();
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = copied->keep(rows[row][i]);
  }
  return copied;
}

}  // namespace

WrittenCall inserted(const Rows& rows) {
  return [rows = copy(rows)](Session& session) { session.insert_missing(*rows); };
}

WrittenCall updated(const Rows& rows) {
  return [rows = copy(rows)](Session& session) { session.update(*rows); };
}

WrittenCall added(const Rows& rows, std::span<const std::size_t> columns) {
  return [rows = copy(rows), columns = std::vector<std::size_t>{columns.begin(), columns.end()}](
             Session& session) { session.add(*rows, columns); };
}

WrittenCall erased(const Table& table, std::span<const Keys> keys) {
  const auto texts = std::make_shared<Rows>(table);
  std::vector<Keys> copied{keys.begin(), keys.end()};
  for (Keys& key : copied) {
    for (Cell& value : key.values) value = texts->keep(value);
  }
  return
      [&table, texts, keys = std::move(copied)](Session& session) { session.erase(table, keys); };
}

}  // namespace hangar::sqlite
