#include "final_events.hpp"

#include <chrono>
#include <deque>
#include <stdexcept>
#include <utility>

#include "event_decoder.hpp"
#include "prefect/event_tables.hpp"
#include "write_events.hpp"

namespace hangar::bench {
namespace {

using persister::EventRows;

/// Keeps what is inserted; nothing is there before.
class WrittenRows final : public Session {
 public:
  void begin() override {}
  void commit() override {}
  void rollback() noexcept override {}
  void savepoint() override {}
  void rollback_to_savepoint() override {}

  std::vector<bool> insert_missing(const Rows& rows) override {
    Rows& kept = &rows.table() == &prefect::events_table() ? rows_.events : rows_.resources;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto cells = kept.add();
      for (std::size_t column = 0; column < cells.size(); ++column) {
        cells[column] = kept.keep(rows[i][column]);
      }
    }
    return std::vector<bool>(rows.size(), true);
  }

  // A persister that inserts what is missing everywhere does none of these.
  Rows find(const Table&, std::span<const Keys>, std::span<const std::size_t>, Lock) override {
    throw std::logic_error{"a search"};
  }
  Rows scan(const Table&, const Range&, std::span<const std::size_t>, std::size_t) override {
    throw std::logic_error{"a scan"};
  }
  std::size_t update(const Rows&) override { throw std::logic_error{"an update"}; }
  std::size_t add(const Rows&, std::span<const std::size_t>) override {
    throw std::logic_error{"an addition"};
  }
  std::size_t erase(const Table&, std::span<const Keys>) override {
    throw std::logic_error{"a deletion"};
  }
  using Session::erase;

  FinalEvents take() {
    FinalEvents fresh{Rows{prefect::events_table()}, Rows{prefect::event_resources_table()}};
    return std::exchange(rows_, std::move(fresh));
  }

 private:
  FinalEvents rows_{Rows{prefect::events_table()}, Rows{prefect::event_resources_table()}};
};

struct Writer {
  std::deque<detail::ItemOf<EventRows>> batch;
  WrittenRows rows;
  std::vector<FinalEvents> written;

  void write(Timestamp now) {
    if (batch.empty()) return;
    std::vector<const detail::BatchItem*> items;
    for (const auto& item : batch) items.push_back(&item);
    WriteCall call{};
    static_cast<void>(persister::write_events(rows, Items<EventRows>{items}, call, now));
    written.push_back(rows.take());
    batch.clear();
  }
};

}  // namespace

std::vector<std::vector<FinalEvents>> final_events(std::span<const std::string_view> events,
                                                   std::size_t writers, std::size_t batch,
                                                   std::pmr::memory_resource& memory) {
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  persister::EventDecoder decoder{prefect::EventLimits{}};
  std::vector<Writer> all(writers);
  for (const std::string_view message : events) {
    const auto rows = decoder.decode(message, now);
    if (!rows) continue;
    Writer& writer = all[rows->id.bytes[15] % writers];
    auto* const bytes =
        static_cast<std::byte*>(memory.allocate(persister::packed_size(*rows), alignof(void*)));
    writer.batch.emplace_back(persister::packed(*rows, bytes));
    if (writer.batch.size() == batch) writer.write(now);
  }
  std::vector<std::vector<FinalEvents>> result;
  for (Writer& writer : all) {
    writer.write(now);
    result.push_back(std::move(writer.written));
  }
  return result;
}

}  // namespace hangar::bench
