#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "hangar/service.hpp"
#include "out/event_filter.hpp"
#include "out/seen_event.hpp"
#include "out/subscriber.hpp"

namespace hangar::gateway {

using EventFrames = std::vector<std::shared_ptr<const EventFrame>>;

/// Reads from the database the events that a filter selects, the oldest first, page by page. What
/// is read lies together in the index that fits the filter best; the rest of it is decided here.
class Backfill {
 public:
  /// Both outlive it.
  Backfill(const EventFilter& filter, const prefect::EventLimits& limits, std::size_t page_size);

  /// The next events; what is thrown leaves it where it was. Blocks.
  EventFrames next(Session& session);
  /// Whether nothing more comes.
  [[nodiscard]] bool done() const noexcept { return done_; }
  /// Whether more was stored than is looked at.
  [[nodiscard]] bool cut() const noexcept { return cut_; }
  /// Whether it ends because the filter takes too many steps to decide about an event.
  [[nodiscard]] bool costly() const noexcept { return costly_; }

  static constexpr std::size_t most_rows = 100'000;

 private:
  /// What is read of one page.
  struct Page;

  void aim();
  Rows events_of(Session& session, const std::vector<Cell>& ids) const;
  Page read(Session& session) const;
  /// Null for one that the filter does not select.
  std::shared_ptr<const EventFrame> selected(const Rows& rows, std::size_t row);

  const EventFilter& filter_;
  EventReader reader_;
  const std::size_t page_size_;
  Range range_;
  const Table* table_ = nullptr;  ///< Of the range.
  std::unordered_set<Uuid> known_;
  std::set<std::string> resources_;  ///< For a filter that is `distinct`.
  std::size_t rows_ = 0;
  bool done_ = false;
  bool cut_ = false;
  bool costly_ = false;
};

}  // namespace hangar::gateway
