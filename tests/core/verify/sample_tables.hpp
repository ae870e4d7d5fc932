#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hangar/storage.hpp"

namespace hangar {

/// A table of runs that are updated, and one of states that belong to them and never change.
struct SampleTables {
  enum RunColumn : std::size_t { id, key, edition, note, owner, run_columns };
  enum StateColumn : std::size_t { state_id, run_id, at, body, state_columns };

  Table runs{.name = "run",
             .columns = {{"id", ColumnType::uuid, false},
                         {"key", ColumnType::text},
                         {"edition", ColumnType::int4},
                         {"note", ColumnType::text},
                         {"owner", ColumnType::uuid}},
             .indexes = {{.name = "uq_run", .parts = {{key}}, .unique = true}},
             .foreign_keys = {},
             .enumeration_name = {},
             .enumeration_values = {},
             .versioned_by = edition,
             .owners = {{owner, "owner"}}};
  Table states{.name = "state",
               .columns = {{"id", ColumnType::uuid, false},
                           {"run_id", ColumnType::uuid, false},
                           {"at", ColumnType::int4, false},
                           {"body", ColumnType::json}},
               .indexes = {{.name = "uq_state", .parts = {{run_id}, {at}}, .unique = true}},
               .foreign_keys = {{run_id, "run"}}};
  std::array<const Table*, 2> all{&runs, &states};

  static Uuid uuid(std::uint32_t number) {
    Uuid id;
    for (std::size_t i = 0; i < 4; ++i) {
      id.bytes.at(15 - i) = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return id;
  }

  [[nodiscard]] Rows run(std::uint32_t number, std::optional<std::string_view> name,
                         std::int32_t its_edition, Cell its_note = Cell::null()) const {
    Rows rows{runs};
    const auto row = rows.add();
    row[id] = uuid(number);
    row[key] = name ? Cell{rows.keep(*name)} : Cell::null();
    row[edition] = its_edition;
    row[note] = its_note;
    row[owner] = Cell::null();
    return rows;
  }
  [[nodiscard]] Rows state(std::uint32_t number, std::uint32_t of, std::int32_t time,
                           std::string_view json = "{}") const {
    Rows rows{states};
    const auto row = rows.add();
    row[state_id] = uuid(number);
    row[run_id] = uuid(of);
    row[at] = time;
    row[body] = rows.keep(json);
    return rows;
  }
};

}  // namespace hangar
