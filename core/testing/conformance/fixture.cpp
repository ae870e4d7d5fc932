#include "fixture.hpp"

#include <array>

namespace hangar {

void PrintTo(const Cell& cell, std::ostream* out) {
  switch (cell.kind()) {
    case Cell::Kind::absent:
      *out << "absent";
      break;
    case Cell::Kind::null:
      *out << "null";
      break;
    case Cell::Kind::uuid:
      *out << "uuid " << testing::PrintToString(cell.uuid().bytes);
      break;
    case Cell::Kind::int4:
      *out << cell.int4();
      break;
    case Cell::Kind::timestamp:
      *out << cell.timestamp().time_since_epoch().count() << " us since 1970";
      break;
    case Cell::Kind::interval:
      *out << cell.interval().count() << " us";
      break;
    case Cell::Kind::boolean:
      *out << (cell.boolean() ? "true" : "false");
      break;
    case Cell::Kind::int8:
      *out << cell.int8();
      break;
    case Cell::Kind::float8:
      *out << testing::PrintToString(cell.float8());
      break;
    case Cell::Kind::bytes:
      *out << "bytes " << testing::PrintToString(std::string{cell.viewed()});
      break;
    case Cell::Kind::text:
      *out << testing::PrintToString(std::string{cell.text()});
      break;
  }
}

namespace conformance {
namespace {

Table make_item() {
  using enum ColumnType;
  return {.name = "item",
          .columns = {{"id", uuid, false},
                      {"name", text, false},
                      {"note", text},
                      {"count", int4, false, "7"},
                      {"at", timestamp},
                      {"made", timestamp, false, "now"},
                      {"spent", interval, false, "0"},
                      {"body", json},
                      {"tags", json, false, "[]"},
                      {"kind", enumeration},
                      {"owner", uuid},
                      {"part", text},
                      {"yes", boolean, false, "true"},
                      {"large", int8, true, "-9223372036854775808"},
                      {"weight", float8, false, "0.5"},
                      {"blob", bytes},
                      {"raw", json_text, false, "{}"},
                      {"code", text}},
          .indexes = {{.name = "uq_item__owner_part",
                       .parts = {{item::owner}, {item::part}},
                       .unique = true},
                      {.name = "uq_item__code", .parts = {{item::code}}, .unique = true},
                      {.name = "ix_item__at_desc", .parts = {{item::at, true}}},
                      {.name = "trgm_ix_item__name", .parts = {{item::name}}, .trigram = true},
                      {.name = "gin_ix_item__body", .parts = {{item::body}}, .gin = true}},
          .foreign_keys = {},
          .enumeration_name = "colour",
          .enumeration_values = {"RED", "GREEN", "BLUE"}};
}

Table make_remark() {
  using enum ColumnType;
  return {.name = "remark",
          .columns = {{"id", uuid, false},
                      {"item_id", uuid, false},
                      {"at", timestamp, false},
                      {"text", text}},
          .indexes = {{.name = "uq_remark__item_id_at_desc",
                       .parts = {{remark::item_id}, {remark::at, true}},
                       .unique = true}},
          .foreign_keys = {{remark::item_id, "item"}}};
}

Table make_tally() {
  using enum ColumnType;
  return {.name = "tally",
          .columns = {{"note", text},
                      {"name", text, false},
                      {"total", int8, false, "0"},
                      {"owner", uuid, false},
                      {"code", int4}},
          .indexes = {{.name = "uq_tally__code", .parts = {{tally::code}}, .unique = true}},
          .foreign_keys = {},
          .primary_key = {tally::owner, tally::name}};
}

}  // namespace

const Table& tally_table() {
  static const Table table = make_tally();
  return table;
}

const Table& item_table() {
  static const Table table = make_item();
  return table;
}

const Table& remark_table() {
  static const Table table = make_remark();
  return table;
}

Uuid uuid_of(unsigned number) {
  Uuid id;
  id.bytes.fill(0xab);
  id.bytes[0] = static_cast<std::uint8_t>(number >> 8U);
  id.bytes[1] = static_cast<std::uint8_t>(number);
  return id;
}

Timestamp time_of(int year, unsigned month, unsigned day, std::int64_t micros) {
  using namespace std::chrono;
  return Timestamp{
             sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)}} +
         microseconds{micros};
}

std::span<Cell> add_item(Rows& rows, unsigned id) {
  const std::span<Cell> cells = rows.add();
  cells[item::id] = uuid_of(id);
  cells[item::name] = std::string_view{"item"};
  return cells;
}

std::span<Cell> add_remark(Rows& rows, unsigned id, unsigned item_id, std::int64_t micros) {
  const std::span<Cell> cells = rows.add();
  cells[remark::id] = uuid_of(id);
  cells[remark::item_id] = uuid_of(item_id);
  cells[remark::at] = time_of(2024, 2, 29, micros);
  return cells;
}

std::string compact(std::string_view json) {
  std::string result;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (in_string && json[i] == '\\') result += json[i++];
    if (json[i] == '"') in_string = !in_string;
    if (in_string || std::string_view{" \t\r\n"}.find(json[i]) == std::string_view::npos) {
      result += json[i];
    }
  }
  return result;
}

Conformance::Conformance() {
  const std::array<const Table*, 3> tables{&item_table(), &remark_table(), &tally_table()};
  storage_->prepare(tables, Creation::when_absent);
  session_ = storage_->open_session();
}

std::unique_ptr<Storage> Conformance::open_storage() const {
  return storage_under_test().open(database_->url());
}

std::vector<bool> Conformance::insert(const Rows& rows) {
  session_->begin();
  std::vector<bool> inserted = session_->insert_missing(rows);
  session_->commit();
  return inserted;
}

std::size_t Conformance::update(const Rows& rows) {
  session_->begin();
  const std::size_t written = session_->update(rows);
  session_->commit();
  return written;
}

Rows Conformance::stored(const Table& table, std::initializer_list<unsigned> ids,
                         std::initializer_list<std::size_t> columns) {
  session_->begin();
  Rows rows = session_->find(table, {{by_id(ids)}}, std::vector<std::size_t>{columns}, Lock::none);
  session_->commit();
  return rows;
}

Cell Conformance::stored_cell(unsigned item_id, std::size_t column) {
  const Rows& rows = read_.emplace_back(stored(item_table(), {item_id}, {column}));
  return rows.empty() ? Cell{} : rows[0][column];
}

std::vector<unsigned> Conformance::stored_items() {
  session_->begin();
  const std::vector<std::size_t> none;
  const Rows rows = session_->scan(item_table(), {.column = item::id}, none, 100'000);
  session_->commit();
  return ids_of(rows);
}

std::span<Cell> add_tally(Rows& rows, unsigned owner, std::string_view name) {
  const std::span<Cell> cells = rows.add();
  cells[tally::owner] = uuid_of(owner);
  cells[tally::name] = rows.keep(name);
  return cells;
}

std::vector<unsigned> ids_of(const Rows& rows) {
  std::vector<unsigned> ids;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto& bytes = rows[row].front().uuid().bytes;
    ids.push_back(static_cast<unsigned>(bytes[0] << 8U | bytes[1]));
  }
  return ids;
}

Keys by_id(std::initializer_list<unsigned> ids) {
  Keys keys{.columns = {0}, .values = {}};
  for (const unsigned id : ids) keys.values.emplace_back(uuid_of(id));
  return keys;
}

}  // namespace conformance
}  // namespace hangar
