#include "batch/attempt.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "batch/checked_calls.hpp"

namespace hangar::batch {

void Attempt::run(Session& session) {
  tried_ = batch_size_.of(items_.size());
  isolated_ = {};
  transaction_ = target_.begin();
  if (!transaction_) throw std::logic_error{"BatchTarget::begin returned nothing"};
  std::vector<const detail::BatchItem*> batch;
  batch.reserve(tried_);
  for (const auto& item : items_.first(tried_)) batch.push_back(item.get());
  try {
    write(session, batch);
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

void Attempt::write(Session& session, AnyItems batch) {
  if (beside_refused_) {
    isolated_ = write_beside_refused(session, batch, oldest_, *transaction_, target_);
    return;
  }
  WriteCall call{.oldest = oldest_};
  isolated_.written = batch::write(*transaction_, session, batch, call);
  isolated_.done.resize(isolated_.written.verdicts.size());
  std::iota(isolated_.done.begin(), isolated_.done.end(), std::size_t{0});
}

void Attempt::committed() {
  transaction_->committed();
  if (!beside_refused_) return;
  std::vector<detail::ItemPtr> all;
  all.reserve(tried_);
  const auto take = [&](std::size_t place) { all.push_back(std::move(items_[place])); };
  for (const std::size_t place : isolated_.done) take(place);
  for (const LeftAside& one : isolated_.refused) take(one.place);
  for (std::size_t place = 0; place < tried_; ++place) {
    if (items_[place]) take(place);
  }
  std::ranges::move(all, items_.begin());
}

}  // namespace hangar::batch
