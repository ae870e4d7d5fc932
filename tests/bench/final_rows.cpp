#include "final_rows.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>

#include "event_decoder.hpp"
#include "record.hpp"

namespace hangar::bench {
namespace {

namespace c = recorder::task_run;

/// What its own transactions wrote before; other rows there are none.
class WrittenRuns final : public Session {
 public:
  WrittenRuns()
      : rows_{Rows{recorder::task_run_table()}, Rows{recorder::task_run_table()},
              Rows{recorder::task_run_state_table()}} {}

  void begin() override {}
  void commit() override {}
  void rollback() noexcept override {}
  void savepoint() override {}
  void rollback_to_savepoint() override {}

  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock /*lock*/) override {
    Rows found{table};
    std::map<Uuid, const Row*> ordered;
    for (const Keys& key : keys) {
      const std::size_t width = key.columns.size();
      for (std::size_t i = 0; i < key.values.size(); i += width) {
        const auto id = width == 1 ? std::optional{key.values[i].uuid()}
                                   : named(std::span{key.values}.subspan(i, width));
        if (!id) continue;
        if (const auto run = runs_.find(*id); run != runs_.end()) ordered[*id] = &run->second;
      }
    }
    for (const auto& [id, row] : ordered) {
      const std::span<Cell> cells = found.add();
      for (const std::size_t column : columns) cells[column] = (*row)[column];
    }
    return found;
  }

  std::vector<bool> insert_missing(const Rows& rows) override {
    const bool runs = &rows.table() == &recorder::task_run_table();
    Rows& kept = runs ? rows_.inserts : rows_.states;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row row = keep(rows[i], kept);
      if (runs) remember(row);
      add(row, kept);
    }
    return std::vector<bool>(rows.size(), true);
  }

  std::size_t update(const Rows& rows) override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Row row = runs_.at(rows[i][c::id].uuid());
      const Row changes = keep(rows[i], rows_.updates);
      for (std::size_t column = 1; column < row.size(); ++column) {
        if (!changes[column].absent()) row[column] = changes[column];
      }
      remember(row);
      add(row, rows_.updates);
    }
    return rows.size();
  }

  // A recorder does none of these.
  Rows scan(const Table&, const Range&, std::span<const std::size_t>, std::size_t) override {
    throw std::logic_error{"a scan"};
  }
  std::size_t add(const Rows&, std::span<const std::size_t>) override {
    throw std::logic_error{"an addition"};
  }
  std::size_t erase(const Table&, std::span<const Keys>) override {
    throw std::logic_error{"a deletion"};
  }
  using Session::erase;

  FinalRows take() { return std::exchange(rows_, WrittenRuns{}.rows_); }

 private:
  using Row = std::vector<Cell>;
  using Name = std::tuple<Uuid, std::string_view, std::string_view>;

  std::optional<Uuid> named(std::span<const Cell> key) const {
    const auto found = names_.find({key[0].uuid(), key[1].text(), key[2].text()});
    return found == names_.end() ? std::nullopt : std::optional{found->second};
  }
  static Row keep(std::span<const Cell> cells, Rows& rows) {
    Row row{cells.begin(), cells.end()};
    for (Cell& cell : row) {
      if (cell.kind() == Cell::Kind::text) cell = rows.keep(cell.text());
    }
    return row;
  }
  static void add(const Row& row, Rows& rows) { std::ranges::copy(row, rows.add().begin()); }
  void remember(const Row& row) {
    runs_[row[c::id].uuid()] = row;
    if (row[c::flow_run_id].kind() == Cell::Kind::uuid) {
      names_[{row[c::flow_run_id].uuid(), row[c::task_key].text(), row[c::dynamic_key].text()}] =
          row[c::id].uuid();
    }
  }

  FinalRows rows_;
  std::map<Uuid, Row> runs_;
  std::map<Name, Uuid> names_;
};

struct Writer {
  std::vector<recorder::PackedEvent> batch;
  WrittenRuns runs;
  std::vector<FinalRows> written;

  void write(Timestamp now) {
    if (batch.empty()) return;
    recorder::record_bulk_task_run_events(runs, batch, batch.size(), now);
    written.push_back(runs.take());
    batch.clear();
  }
};

}  // namespace

std::vector<std::vector<FinalRows>> final_rows(std::span<const std::string_view> events,
                                               std::size_t writers, std::size_t batch,
                                               std::pmr::memory_resource& memory) {
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  recorder::EventDecoder decoder;
  std::vector<Writer> all(writers);
  for (const std::string_view message : events) {
    const auto decoded = decoder.decode(message, now, memory);
    if (!decoded) continue;
    Writer& writer = all[decoded->run_id.bytes[15] % writers];
    writer.batch.emplace_back(*decoded, memory);
    if (writer.batch.size() == batch) writer.write(now);
  }
  std::vector<std::vector<FinalRows>> result;
  for (Writer& writer : all) {
    writer.write(now);
    result.push_back(std::move(writer.written));
  }
  return result;
}

}  // namespace hangar::bench
