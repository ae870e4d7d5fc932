#include "verify/key_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace hangar {

std::optional<std::string> key_text(std::span<const Cell> cells,
                                    std::span<const std::size_t> columns) {
  std::string text;
  const auto add = [&](const auto& value) {
    text.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  for (const std::size_t column : columns) {
    const Cell& cell = cells[column];
    switch (cell.kind()) {
      case Cell::Kind::absent:
      case Cell::Kind::null:
        return std::nullopt;
      case Cell::Kind::uuid:
        add(cell.uuid().bytes);
        break;
      case Cell::Kind::int4:
        add(cell.int4());
        break;
      case Cell::Kind::timestamp:
        add(cell.timestamp().time_since_epoch().count());
        break;
      case Cell::Kind::interval:
        add(cell.interval().count());
        break;
      case Cell::Kind::boolean:
        add(cell.boolean());
        break;
      case Cell::Kind::int8:
        add(cell.int8());
        break;
      case Cell::Kind::float8:
        add(cell.float8());
        break;
      case Cell::Kind::text:
      case Cell::Kind::bytes:
        add(cell.viewed().size());
        text += cell.viewed();
        break;
    }
  }
  return text;
}

std::string primary_key_text(const Table& table, std::span<const Cell> cells) {
  if (auto key = key_text(cells, table.primary_key)) return *std::move(key);
  const auto missing = std::ranges::find_if(table.primary_key, [&](std::size_t part) {
    return !key_text(cells, std::span{&part, 1});
  });
  throw std::logic_error{
      fmt::format("table {}: a row has no value for {}, which is in the primary key", table.name,
                  table.columns[*missing].name)};
}

}  // namespace hangar
