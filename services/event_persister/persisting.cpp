#include "persisting.hpp"

#include <cstddef>
#include <vector>

#include "prefect/present.hpp"
#include "prefect/uuid_sequence.hpp"

namespace hangar::persister {
namespace {

class Persisting final : public BatchTransaction {
 public:
  explicit Persisting(PersisterMetrics& metrics) : metrics_{metrics} {}

  Written write(Session& session, AnyItems items, WriteCall& call) override {
    const auto done = write_events(session, Items<EventRows>{items}, call, prefect::present());
    events_ += done.events;
    duplicates_ += items.size() - done.events;
    resources_ += done.resources;
    Written written{.verdicts = {}, .new_rows = done.new_event};
    written.verdicts.resize(items.size());
    return written;
  }
  void committed() override { metrics_.committed(events_, duplicates_, resources_); }

 private:
  PersisterMetrics& metrics_;
  std::size_t events_ = 0;
  std::size_t duplicates_ = 0;
  std::size_t resources_ = 0;
};

/// An event whose rows went in: the proof that the database takes such rows.
class StoredEvent final : public WriteProof {
 public:
  explicit StoredEvent(const EventRows& rows)
      : memory_(packed_size(rows)), rows_{packed(rows, memory_.data())} {}

  [[nodiscard]] bool goes_in_again(Session& session) const override {
    const Timestamp now = prefect::present();
    detail::ItemOf<EventRows> item{rows_};
    item.value.id = prefect::UuidSequence{now}.next();
    const detail::BatchItem* const one = &item;
    WriteCall call{.oldest = 1};
    return write_events(session, Items<EventRows>{AnyItems{&one, 1}}, call, now).events == 1;
  }

 private:
  std::vector<std::byte> memory_;
  EventRows rows_;
};

std::function<void(double)> rows(Metrics& metrics, const char* table, const char* outcome) {
  return metrics.counter("hangar_persister_rows_total", "Rows by what became of them",
                         {{"table", table}, {"outcome", outcome}});
}

}  // namespace

PersisterMetrics::PersisterMetrics(Metrics& metrics)
    : events_{rows(metrics, "events", "inserted")},
      duplicates_{rows(metrics, "events", "duplicate")},
      resources_{rows(metrics, "event_resources", "inserted")} {}

void PersisterMetrics::committed(std::size_t events, std::size_t duplicates,
                                 std::size_t resources) {
  events_(static_cast<double>(events));
  duplicates_(static_cast<double>(duplicates));
  resources_(static_cast<double>(resources));
}

std::unique_ptr<BatchTransaction> PersisterTarget::begin() {
  return std::make_unique<Persisting>(metrics_);
}

std::shared_ptr<const WriteProof> PersisterTarget::proof(const detail::BatchItem& item) {
  const detail::BatchItem* const one = &item;
  return std::make_shared<StoredEvent>(Items<EventRows>{AnyItems{&one, 1}}[0]);
}

}  // namespace hangar::persister
