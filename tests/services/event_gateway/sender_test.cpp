#include "sender.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

TEST(Sender, a_message_is_confirmed_with_all_before_it_in_any_order) {
  asio::io_context io;
  Sender sender{io.get_executor(), "127.0.0.1:1"};
  EXPECT_TRUE(sender.all_stored(sender.begun()));
  const auto first = sender.begin();
  const auto second = sender.begin();
  const auto third = sender.begin();
  sender.stored(third);
  sender.stored(second);
  EXPECT_FALSE(sender.all_stored(first));
  EXPECT_FALSE(sender.all_stored(third));
  sender.stored(first);
  EXPECT_TRUE(sender.all_stored(third));
  EXPECT_FALSE(sender.all_stored(sender.begin()));
}

TEST(Sender, who_waits_is_told_when_it_is_so_and_when_it_never_will_be) {
  asio::io_context io;
  Sender sender{io.get_executor(), "127.0.0.1:1"};
  const auto first = sender.begin();
  const auto second = sender.begin();
  std::optional<bool> first_stored;
  std::optional<bool> second_stored;
  const auto wait = [&](std::uint64_t number, std::optional<bool>& told) -> asio::awaitable<void> {
    told = co_await sender.wait(number);
  };
  asio::co_spawn(io, wait(first, first_stored), asio::detached);
  asio::co_spawn(io, wait(second, second_stored), asio::detached);
  io.poll();
  EXPECT_FALSE(first_stored || second_stored);
  sender.stored(first);
  io.poll();
  EXPECT_EQ(first_stored, true);
  EXPECT_FALSE(second_stored);
  sender.failed();
  io.poll();
  EXPECT_EQ(second_stored, false);
}

}  // namespace
}  // namespace hangar::gateway
