#include "things.hpp"

namespace hangar::postgres {

const Table& thing_table() {
  using enum ColumnType;
  static const Table table{
      .name = "thing",
      .columns = {{"id", uuid, false},
                  {"made", timestamp, false, "now"},
                  {"owner", uuid},
                  {"part", text, false},
                  {"name", text},
                  {"count", int4, false, "7"},
                  {"kind", enumeration},
                  {"spent", interval, false, "0"},
                  {"body", json, false, "{}"}},
      .indexes = {{.name = "uq_thing__owner_part",
                   .parts = {{thing::owner}, {thing::part, true}},
                   .unique = true},
                  {.name = "ix_thing__owner", .parts = {{thing::owner}}},
                  {.name = "trgm_ix_thing__name", .parts = {{thing::name}}, .trigram = true}},
      .foreign_keys = {},
      .enumeration_name = "colour",
      .enumeration_values = {"RED", "it's"},
  };
  return table;
}

const Table& mark_table() {
  static const Table table{
      .name = "mark",
      .columns = {{"id", ColumnType::uuid, false}, {"thing_id", ColumnType::uuid, false}},
      .indexes = {},
      .foreign_keys = {{mark::thing_id, "thing"}},
  };
  return table;
}

Uuid uuid_of(std::uint64_t number) {
  Uuid uuid;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    uuid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return uuid;
}

std::span<Cell> add_thing(Rows& rows, std::uint64_t id, std::uint64_t owner,
                          std::string_view part) {
  const std::span<Cell> cells = rows.add();
  cells[thing::id] = uuid_of(id);
  cells[thing::owner] = owner == 0 ? Cell::null() : Cell{uuid_of(owner)};
  cells[thing::part] = rows.keep(part);
  return cells;
}

}  // namespace hangar::postgres
