#include "out/history.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "out/turns.hpp"

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

std::string behind(const History& history, std::uint64_t position) {
  std::string all;
  for (auto next = history.behind(position); next != nullptr; next = history.behind(position)) {
    all += next->data;
    position = next->position;
  }
  return all;
}

/// What leaves no room for another in a history of that size.
std::string filling(std::size_t bytes) { return std::string(bytes - sizeof(History::Entry), 'c'); }

TEST(History, has_what_is_behind_a_position_or_says_that_it_has_not) {
  History history{400};
  EXPECT_FALSE(history.covers(0));
  EXPECT_EQ(history.begin(), std::nullopt);
  history.add(7, "a");
  history.add(9, "b");
  EXPECT_FALSE(history.covers(5));  // 6 was before.
  EXPECT_TRUE(history.covers(6));
  EXPECT_EQ(behind(history, 6), "ab");
  EXPECT_EQ(behind(history, 7), "b");
  EXPECT_EQ(behind(history, 9), "");
  history.add(10, filling(400));
  EXPECT_FALSE(history.covers(6));
  EXPECT_TRUE(history.covers(9));
  EXPECT_EQ(history.begin(), 9U);
  EXPECT_EQ(behind(history, 9), filling(400));
}

TEST(History, is_told_that_nothing_was_before_it) {
  History empty{400};
  empty.nothing_before(5);
  EXPECT_TRUE(empty.covers(5));
  EXPECT_FALSE(empty.covers(4));
  empty.add(9, "a");
  EXPECT_TRUE(empty.covers(5));
  empty.nothing_before(2);
  EXPECT_TRUE(empty.covers(2));
  empty.nothing_before(8);
  EXPECT_TRUE(empty.covers(2));
  // What made room is missing, whatever was before.
  empty.add(10, filling(400));
  EXPECT_FALSE(empty.covers(8));
  empty.nothing_before(2);
  EXPECT_FALSE(empty.covers(8));
  EXPECT_TRUE(empty.covers(9));
}

TEST(History, of_a_stream_that_began_anew_is_that_of_the_new_one) {
  History history{400};
  history.add(7, "old");
  history.add(1, "new");
  EXPECT_TRUE(history.covers(0));
  EXPECT_EQ(behind(history, 0), "new");
}

TEST(Turns, come_in_order_and_pass_by_whoever_has_ended) {
  asio::io_context io;
  Turns turns{1};
  std::vector<std::unique_ptr<Subscriber>> all;
  std::string log;
  for (int i = 0; i < 4; ++i) {
    all.push_back(std::make_unique<Subscriber>(io.get_executor(), EventFilter{}, 1));
    asio::co_spawn(
        io,
        [&, i]() -> asio::awaitable<void> {
          Subscriber& mine = *all.at(static_cast<std::size_t>(i));
          const Turns::Turn turn = co_await turns.take(mine);
          log += (turn ? "+" : "-") + std::to_string(i) + ' ';
          while (turn && !mine.ended()) co_await mine.changed();
        },
        asio::detached);
  }
  const auto end = [&](std::size_t which) {
    all.at(which)->end();
    io.restart();
    io.poll();
  };
  io.poll();
  EXPECT_EQ(log, "+0 ");
  end(1);
  EXPECT_EQ(log, "+0 -1 ");
  end(0);
  EXPECT_EQ(log, "+0 -1 +2 ");
  end(2);
  EXPECT_EQ(log, "+0 -1 +2 +3 ");
  end(3);
  Subscriber last{io.get_executor(), EventFilter{}, 1};
  bool free = false;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        const Turns::Turn turn = co_await turns.take(last);
        free = static_cast<bool>(turn);
      },
      asio::detached);
  io.restart();
  io.poll();
  EXPECT_TRUE(free);
}

}  // namespace
}  // namespace hangar::gateway
