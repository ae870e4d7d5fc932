#include "attempt.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace hangar::recorder {

void Attempt::run(Session& session, Timestamp now) {
  tried_ = batch_size_.of(events_.size());
  isolated_ = {};
  std::vector<PackedEvent> batch;
  batch.reserve(tried_);
  for (const auto& event : events_.first(tried_)) batch.push_back(event->event);
  try {
    record(session, batch, now);
  } catch (const TransientError& error) {
    using Retry = TransientError::Retry;
    if (error.retry() == Retry::backoff) batch_size_.failed(batch.size());
    if (took_too_long(error) && tried_ == 1 && ++cancelled_alone_ > 1) {
      throw DataError{std::string{statement_timeout}, error.what(), {}, error.sqlstate()};
    }
    const bool is_locked = error.retry() == Retry::locked && !beside_refused_;
    if (!is_locked && !error.row_may_be_at_fault()) throw;
    if (error.retry() == Retry::conflict && ++races_ <= most_races) throw;
    throw DataError{std::string{is_locked ? locked : unknown}, error.what(), {}, error.sqlstate()};
  }
}

void Attempt::record(Session& session, std::span<const PackedEvent> batch, Timestamp now) {
  if (beside_refused_) {
    std::vector<Lanes::Names> names;
    names.reserve(batch.size());
    for (const auto& event : events_.first(batch.size())) names.push_back(event->names);
    isolated_ = record_beside_refused(session, batch, names, oldest_, now);
    return;
  }
  isolated_.recorded = record_bulk_task_run_events(session, batch, oldest_, now);
  isolated_.done.resize(isolated_.recorded.verdicts.size());
  std::iota(isolated_.done.begin(), isolated_.done.end(), std::size_t{0});
}

void Attempt::arrange() {
  if (!beside_refused_) return;
  std::vector<EventPool::Event> all;
  all.reserve(tried_);
  const auto take = [&](std::size_t place) { all.push_back(std::move(events_[place])); };
  for (const std::size_t place : isolated_.done) take(place);
  for (const LeftAside& one : isolated_.refused) take(one.place);
  for (std::size_t place = 0; place < tried_; ++place) {
    if (events_[place]) take(place);
  }
  std::ranges::move(all, events_.begin());
}

}  // namespace hangar::recorder
