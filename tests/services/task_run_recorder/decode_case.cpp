#include "decode_case.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "prefect/uuid.hpp"
#include "state.hpp"
#include "tables.hpp"

namespace hangar::recorder::test {

namespace {

namespace json = boost::json;

/// The members of a JSON object, as they stand there but in order: that of state_details is free.
std::string in_order(std::string_view object) {
  std::vector<std::string> members{""};
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 1; i + 1 < object.size(); ++i) {
    const char c = object[i];
    if (c == '"' && object[i - 1] != '\\') quoted = !quoted;
    if (!quoted && c == '{') ++depth;
    if (!quoted && c == '}') --depth;
    if (!quoted && depth == 0 && object.substr(i, 2) == ", ") {
      members.emplace_back();
      ++i;
    } else {
      members.back() += c;
    }
  }
  std::ranges::sort(members);
  std::string text;
  for (const std::string& member : members) text += member + "\n";
  return text;
}

std::string show(const json::value& value) {
  if (value.is_null()) return "NULL";
  if (value.is_string()) return std::string{value.as_string()};
  return json::serialize(value);
}

std::string show(const Cell& cell) {
  switch (cell.kind()) {
    case Cell::Kind::uuid: {
      std::string text;
      prefect::append_uuid(text, cell.uuid());
      return text;
    }
    case Cell::Kind::int4:
      return std::to_string(cell.int4());
    case Cell::Kind::timestamp:
      return std::to_string(cell.timestamp().time_since_epoch().count());
    case Cell::Kind::interval:
      return std::to_string(cell.interval().count());
    case Cell::Kind::text:
      return std::string{cell.text()};
    default:
      return "NULL";
  }
}

/// A new value; as an array it is `[head, middle, tail]`: how much of the base's begins and ends
/// it.
std::string patched(const std::string& base, const json::value& value) {
  if (!value.is_array()) return show(value);
  const json::array& parts = value.as_array();
  const auto head = parts.at(0).to_number<std::size_t>();
  const auto tail = parts.at(2).to_number<std::size_t>();
  return base.substr(0, head) + std::string{parts.at(1).as_string()} +
         base.substr(base.size() - tail);
}

/// `changes` over `base`: new values, and under `without` the columns that are absent.
ShownRow changed(const ShownRow& base, const json::object& changes) {
  ShownRow row = base;
  for (const auto& [column, value] : changes) {
    if (column == "without") {
      for (const auto& name : value.as_array()) row.erase(std::string{name.as_string()});
    } else {
      std::string& cell = row[std::string{column}];
      cell = patched(cell, value);
    }
  }
  return row;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
  }
  return bytes;
}

std::string message_of(const json::object& header, const json::object& line) {
  const json::value* raw = line.if_contains("raw");
  std::string text =
      raw == nullptr ? from_hex(line.at("hex").as_string()) : std::string{raw->as_string()};
  const json::value* place = line.if_contains("at");
  if (place == nullptr) return text;
  std::string message{header.at("templates").as_object().at(place->as_string()).as_string()};
  return message.replace(message.find("@@"), 2, text);
}

}  // namespace

ShownRow show_row(const Table& table, std::span<const Cell> cells) {
  ShownRow row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].absent()) row[std::string{table.columns[i].name}] = show(cells[i]);
  }
  return row;
}

ShownRow show_run(const TaskRunEvent& event) { return show_row(task_run_table(), event.run); }

std::string details_of(const TaskRunEvent& event) {
  if (!event.state_details.absent()) return std::string{event.state_details.text()};
  std::string details;
  append_silent_details(details, event.run_id, event.details_flow_run_id);
  return details;
}

ShownRow show_state(const TaskRunEvent& event) {
  std::array<Cell, task_run_state::column_count> state{};
  event.write_state(state);
  const std::string details = details_of(event);
  state[task_run_state::state_details] = std::string_view{details};
  ShownRow row = show_row(task_run_state_table(), state);
  row["state_details"] = in_order(row["state_details"]);
  return row;
}

DecodeCases read_decode_cases(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::string text;
  if (!std::getline(in, text)) throw std::runtime_error{"cannot read " + file.string()};
  const json::value first = json::parse(text);
  const json::object& header = first.as_object();
  const ShownRow base_run = changed({}, header.at("run").as_object());
  const ShownRow base_state = changed({}, header.at("state").as_object());
  DecodeCases result;
  result.now = Timestamp{std::chrono::microseconds{header.at("now").as_int64()}};
  for (std::size_t number = 2; std::getline(in, text); ++number) {
    const json::value parsed = json::parse(text);
    const json::object& line = parsed.as_object();
    DecodeCase& one = result.cases.emplace_back();
    one.line = number;
    one.message = message_of(header, line);
    if (const json::value* error = line.if_contains("reject")) {
      one.verdict = DecodeCase::Verdict::rejected;
      one.error = error->as_string();
    } else if (line.contains("skip")) {
      one.verdict = DecodeCase::Verdict::skipped;
    } else {
      one.run = changed(base_run, line.at("run").as_object());
      one.state = changed(base_state, line.at("state").as_object());
      one.state["state_details"] = in_order(one.state["state_details"]);
    }
  }
  return result;
}

}  // namespace hangar::recorder::test
