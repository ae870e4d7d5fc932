#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

#include "decode_case.hpp"
#include "event_decoder.hpp"
#include "memory_session.hpp"
#include "record.hpp"
#include "tables.hpp"

namespace hangar::recorder::test {
namespace {

using testing::MemorySession;

/// The events of one task run in one order, and the rows that the reference left when it was fed
/// them one at a time: what `record_orders.py` wrote down.
struct Order {
  std::vector<std::string> events;
  std::vector<ShownRow> runs;
  std::vector<ShownRow> states;
};

ShownRow read_row(const boost::json::value& value) {
  ShownRow row;
  for (const auto& [column, cell] : value.as_object()) {
    row[std::string{column}] = std::string{cell.as_string()};
  }
  return row;
}

std::vector<Order> read_orders() {
  std::vector<Order> orders;
  std::ifstream in{ORDERS};
  for (std::string line; std::getline(in, line);) {
    const auto parsed = boost::json::parse(line);
    Order& one = orders.emplace_back();
    for (const auto& event : parsed.at("events").as_array()) {
      one.events.emplace_back(event.as_string());
    }
    one.runs.push_back(read_row(parsed.at("run")));
    for (const auto& state : parsed.at("states").as_array()) one.states.push_back(read_row(state));
  }
  return orders;
}

/// The stored rows in the order of their ids, as a database shows them: with its defaults, and JSON
/// in one form.
std::vector<ShownRow> stored(MemorySession& session, const Table& table) {
  std::vector<ShownRow> rows;
  for (const auto& [id, row] : session.content[std::string{table.name}]) {
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Cell cell = row[i].view();
      const auto& filled_in = table.columns[i].default_value;
      cells.push_back(!cell.absent() ? cell : filled_in.empty() ? Cell::null() : Cell{filled_in});
    }
    rows.push_back(show_row(table, cells));
  }
  return rows;
}

std::vector<ShownRow> in_one_form(std::vector<ShownRow> rows, const Table& table) {
  for (ShownRow& row : rows) {
    for (const Column& column : table.columns) {
      const auto found = row.find(std::string{column.name});
      if (found == row.end()) continue;
      if (column.name == "created" || column.name == "updated") {
        row.erase(found);
      } else if (column.type == ColumnType::json && found->second != "NULL") {
        std::string& text = found->second;
        const auto parsed = boost::json::parse(text);
        if (!parsed.is_object()) continue;
        text.clear();  // members in the order of their names
        std::map<std::string, boost::json::value> sorted;
        for (const auto& [name, value] : parsed.as_object()) sorted[std::string{name}] = value;
        for (const auto& [name, value] : sorted) text += name + '=' + serialize(value) + ' ';
      }
    }
  }
  return rows;
}

/// Records the events in batches: after event i ends one when bit i of `cuts` is set.
void record_in_batches(MemorySession& session, const std::vector<std::string>& events,
                       unsigned cuts) {
  EventDecoder decoder;
  std::pmr::monotonic_buffer_resource texts;
  std::vector<PackedEvent> batch;
  for (std::size_t i = 0; i < events.size(); ++i) {
    batch.emplace_back(decoder.decode(events[i], Timestamp{}, texts).value(), texts);
    if ((cuts >> i & 1U) == 0 && i + 1 < events.size()) continue;
    const auto verdicts =
        record_bulk_task_run_events(session, batch, batch.size(), Timestamp{}).verdicts;
    ASSERT_EQ(verdicts, std::vector<Verdict>(batch.size(), Verdict::recorded));
    batch.clear();
  }
}

TEST(Orders, every_order_in_every_cut_into_batches_leaves_the_references_rows) {
  const std::vector<Order> orders = read_orders();
  ASSERT_EQ(orders.size(), 2U * 2U * 24U) << "two lives, in a flow and outside of one";
  std::size_t cells = 0;
  for (const Order& one : orders) {
    const auto runs = in_one_form(one.runs, task_run_table());
    const auto states = in_one_form(one.states, task_run_state_table());
    for (unsigned cuts = 0; cuts < 1U << (one.events.size() - 1); ++cuts) {
      MemorySession session;
      record_in_batches(session, one.events, cuts);
      EXPECT_EQ(in_one_form(stored(session, task_run_table()), task_run_table()), runs)
          << "cuts " << cuts << " of " << one.events.front();
      EXPECT_EQ(in_one_form(stored(session, task_run_state_table()), task_run_state_table()),
                states)
          << "cuts " << cuts << " of " << one.events.front();
      cells += runs.front().size() + states.size() * states.front().size();
      if (HasFailure()) return;
    }
  }
  std::cout << "figure F-2: cells compared, 0 differ = " << cells << '\n';
}

}  // namespace
}  // namespace hangar::recorder::test
