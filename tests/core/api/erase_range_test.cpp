#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <stdexcept>

#include "hangar/storage.hpp"

namespace hangar {
namespace {

const Table& numbers() {
  static const Table table = [] {
    Table made;
    made.name = "number";
    made.columns.resize(1);
    made.columns[0].name = "id";
    made.columns[0].type = ColumnType::int4;
    made.primary_key = {0};
    return made;
  }();
  return table;
}

/// Numbers below `end` are in every range; `locked` is called before rows are locked.
class Numbers final : public Session {
 public:
  std::set<std::int32_t> stored;
  std::int32_t end = 100;
  std::function<void()> locked;

  Rows scan(const Table& table, const Range& /*range*/, std::span<const std::size_t> /*columns*/,
            std::size_t limit) override {
    Rows rows{table};
    for (const std::int32_t number : stored) {
      if (number < end && rows.size() < limit) rows.add()[0] = number;
    }
    return rows;
  }
  Rows find(const Table& table, std::span<const Keys> /*keys*/,
            std::span<const std::size_t> /*columns*/, Lock lock) override {
    EXPECT_EQ(lock, Lock::rows);
    if (locked) locked();
    return Rows{table};
  }
  std::size_t erase(const Table& /*table*/, std::span<const Keys> keys) override {
    std::size_t erased = 0;
    for (const Cell& cell : keys[0].values) erased += stored.erase(cell.int4());
    return erased;
  }
  using Session::erase;

  void begin() override {}
  void commit() override {}
  void rollback() noexcept override {}
  std::vector<bool> insert_missing(const Rows& /*rows*/) override { throw std::logic_error{""}; }
  std::size_t update(const Rows& /*rows*/) override { throw std::logic_error{""}; }
  std::size_t add(const Rows& /*rows*/, std::span<const std::size_t> /*columns*/) override {
    throw std::logic_error{""};
  }
  void savepoint() override {}
  void rollback_to_savepoint() override {}
};

using Stored = std::set<std::int32_t>;

TEST(EraseRange, a_row_that_leaves_the_range_before_it_is_locked_stays) {
  Numbers session;
  session.stored = {1, 2, 3};
  session.locked = [&] { session.end = 3; };
  EXPECT_EQ(session.erase(numbers(), {}, 10), 2U);
  EXPECT_EQ(session.stored, (Stored{3}));
}

TEST(EraseRange, nothing_is_erased_only_where_nothing_is_left) {
  Numbers session;
  session.stored = {1, 2, 3, 4, 5};
  // Somebody else takes what was seen, twice.
  session.locked = [&, times = 0]() mutable {
    if (times++ < 2)
      session.stored.erase(session.stored.begin(), std::next(session.stored.begin(), 2));
  };
  EXPECT_EQ(session.erase(numbers(), {}, 2), 1U);
  EXPECT_EQ(session.erase(numbers(), {}, 2), 0U);
}

}  // namespace
}  // namespace hangar
