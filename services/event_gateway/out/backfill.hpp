#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

#include "hangar/service.hpp"
#include "out/event_filter.hpp"
#include "out/seen_event.hpp"
#include "out/subscriber.hpp"

namespace hangar::gateway {

using EventFrames = std::vector<std::shared_ptr<const EventFrame>>;

/// The database has ended a statement of a backfill, and may end it again.
class TooLong : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads from the database the events that a filter selects, the oldest first, page by page. What
/// is read lies together in the index that fits the filter best; the rest of it is decided here. A
/// page ends with the event that makes it `most_bytes` or more. So many events are read at once
/// that they have not much more, and behind large events fewer.
class Backfill {
 public:
  /// Both outlive it.
  Backfill(const EventFilter& filter, const prefect::EventLimits& limits, std::size_t page_size,
           std::size_t most_bytes);

  /// Adds the next events; what is thrown leaves it behind those that it has added. Throws TooLong
  /// in place of what a transaction would be tried again for without end. Blocks.
  void next(Session& session, EventFrames& frames);
  /// After TooLong: makes the next page a smaller one. Throws TooLong where it cannot be.
  void ask_less();
  /// Whether nothing more comes.
  [[nodiscard]] bool done() const noexcept { return done_; }
  /// Whether more was stored than is looked at.
  [[nodiscard]] bool cut() const noexcept { return cut_; }
  /// Whether it ends because the filter takes too many steps to decide about an event.
  [[nodiscard]] bool costly() const noexcept { return costly_; }

  static constexpr std::size_t most_rows = 100'000;
  /// However small those before were: each may have 1 MiB and more.
  static constexpr std::size_t most_at_once = 32;

 private:
  /// What is read of one page.
  struct Page;

  void aim();
  Page read(Session& session);
  /// What it has looked at.
  struct Looked {
    std::size_t rows = 0;
    std::size_t bytes = 0;
  };
  /// Adds those of one read, as long as there are fewer bytes than so many.
  Looked look(Session& session, EventFrames& frames, std::size_t most_bytes);
  /// Those of the filter's ids that are stored, in the order of their events.
  std::vector<Uuid> ids_in_order(Session& session) const;
  Rows events_of(Session& session, const std::vector<Uuid>& ids) const;
  /// The next rows of the filter's ids, or of the range.
  Page read_ids(Session& session);
  Page read_range(Session& session) const;
  /// Null for one that the filter does not select.
  std::shared_ptr<const EventFrame> selected(std::span<const Cell> row, const std::string& json);
  /// Goes behind so many rows of the page.
  void advance(const Page& page, const Looked& looked);

  const EventFilter& filter_;
  EventReader reader_;
  const std::size_t page_size_;
  const std::size_t most_bytes_;
  std::size_t asks_for_;  ///< So many rows.
  std::optional<std::vector<Uuid>> ids_;
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
