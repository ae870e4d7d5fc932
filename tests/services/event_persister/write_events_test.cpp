#include "write_events.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "memory_session.hpp"
#include "noon.hpp"
#include "prefect/event_tables.hpp"

namespace hangar::persister {
namespace {

namespace events = prefect::events;
namespace event_resources = prefect::event_resources;
using prefect::event_resources_table;
using prefect::events_table;

using testing::MemorySession;
using testing::OwnedCell;

constexpr std::array<ResourceRow, 2> two_resources{ResourceRow{"a", "", "{}"},
                                                   ResourceRow{"b", "tag", "{}"}};

Uuid id(std::uint8_t number) {
  Uuid id;
  id.bytes.back() = number;
  return id;
}

EventRows event_rows(std::uint8_t number, std::string_view name) {
  EventRows rows;
  rows.id = id(number);
  rows.occurred = noon;
  rows.event = name;
  rows.resources = two_resources;
  return rows;
}

class Events {
 public:
  explicit Events(const std::vector<EventRows>& events) {
    for (const EventRows& rows : events) {
      items_.push_back(std::make_unique<detail::ItemOf<EventRows>>(rows));
      all_.push_back(items_.back().get());
    }
  }
  [[nodiscard]] Items<EventRows> items() const { return Items<EventRows>{all_}; }

 private:
  std::vector<std::unique_ptr<detail::BatchItem>> items_;
  std::vector<const detail::BatchItem*> all_;
};

WrittenEvents write(Session& session, const std::vector<EventRows>& events) {
  const Events all{events};
  WriteCall call{.oldest = events.size()};
  return write_events(session, all.items(), call, noon);
}

/// The names of the stored events by id, and how many resources each has.
struct Stored {
  std::map<OwnedCell, std::string> names;
  std::map<OwnedCell, std::size_t> resources;
  bool operator==(const Stored&) const = default;
};

Stored stored(MemorySession& session) {
  Stored all;
  for (const auto& [key, row] : session.content["events"]) all.names[key] = row[events::event].text;
  for (const auto& [key, row] : session.content["event_resources"]) {
    ++all.resources[row[event_resources::event_id]];
  }
  return all;
}

TEST(WriteEvents, redelivered_event_changes_nothing) {
  MemorySession session;
  EXPECT_EQ(write(session, {event_rows(1, "first"), event_rows(2, "other")}).events, 2);
  const Stored before = stored(session);
  const auto again = write(session, {event_rows(2, "changed"), event_rows(1, "changed")});
  EXPECT_EQ(again.events, 0);
  EXPECT_EQ(again.resources, 0);
  EXPECT_FALSE(again.new_event);
  EXPECT_EQ(stored(session), before);
  EXPECT_EQ(before.resources.at(OwnedCell{id(1)}), 2);
}

TEST(WriteEvents, rows_are_those_of_one_event_a_transaction) {
  std::mt19937 random{1};
  for (int round = 0; round < 300; ++round) {
    std::vector<EventRows> stream;
    constexpr std::array<std::string_view, 3> names{"a", "b", "c"};
    for (std::size_t i = 0; i < 20; ++i) {
      stream.push_back(
          event_rows(static_cast<std::uint8_t>(random() % 12), names.at(random() % 3)));
    }
    MemorySession alone;
    for (const EventRows& one : stream) write(alone, {one});
    MemorySession together;
    for (std::size_t begin = 0; begin < stream.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 8, stream.size() - begin);
      write(together, {stream.begin() + static_cast<std::ptrdiff_t>(begin),
                       stream.begin() + static_cast<std::ptrdiff_t>(begin + size)});
      begin += size;
    }
    ASSERT_EQ(stored(alone), stored(together)) << "round " << round;
  }
}

/// Remembers in which order rows come, and may drop or refuse some of a table.
class Watched final : public MemorySession {
 public:
  std::vector<bool> insert_missing(const Rows& rows) override {
    if (rows.table().name == "events") {
      for (std::size_t i = 0; i < rows.size(); ++i) order.push_back(rows[i][events::id].uuid());
    }
    if (rows.table().name == refusing) {
      DataError error{"check", "refused"};
      error.at_row(rows.size() - 1);
      throw DataError{error};
    }
    if (rows.table().name == dropping) {
      std::vector<bool> inserted(rows.size(), true);
      inserted.back() = false;
      return inserted;
    }
    return MemorySession::insert_missing(rows);
  }
  std::vector<Uuid> order;
  std::string refusing;
  std::string dropping;
};

TEST(WriteEvents, two_writers_insert_in_the_same_order) {
  Watched session;
  write(session, {event_rows(3, "c"), event_rows(1, "a"), event_rows(2, "b"), event_rows(1, "a")});
  EXPECT_EQ(session.order, (std::vector{id(1), id(2), id(3)}));
}

TEST(WriteEvents, what_is_refused_names_its_event) {
  for (const char* table : {"events", "event_resources"}) {
    Watched session;
    session.refusing = table;
    const Events all{{event_rows(9, "last"), event_rows(1, "first"), event_rows(2, "other")}};
    WriteCall call{.oldest = 3};
    EXPECT_THROW(write_events(session, all.items(), call, noon), DataError);
    EXPECT_EQ(call.to_blame, std::vector<std::size_t>{0}) << table;
  }
}

TEST(WriteEvents, a_row_that_the_database_drops_is_no_duplicate) {
  for (const char* table : {"events", "event_resources"}) {
    Watched session;
    session.dropping = table;
    const Events all{{event_rows(9, "last"), event_rows(1, "first")}};
    WriteCall call{.oldest = 2};
    try {
      write_events(session, all.items(), call, noon);
      FAIL() << table;
    } catch (const DataError& error) {
      EXPECT_EQ(error.reason(), "dropped_row");
      EXPECT_TRUE(error.row());
    }
    EXPECT_EQ(call.to_blame, std::vector<std::size_t>{0}) << table;
  }
}

}  // namespace
}  // namespace hangar::persister
