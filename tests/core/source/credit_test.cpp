#include "source/credit.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

using Amount = Credit::Amount;

TEST(Credit, what_arrives_is_held_until_it_is_released) {
  Credit credit{{.messages = 3, .bytes = 100}};
  EXPECT_EQ(credit.free(), credit.most());
  credit.arrived(30);
  credit.arrived(50);
  EXPECT_EQ(credit.held(), (Amount{.messages = 2, .bytes = 80}));
  EXPECT_EQ(credit.free(), (Amount{.messages = 1, .bytes = 20}));
  credit.released(30);
  EXPECT_EQ(credit.held(), (Amount{.messages = 1, .bytes = 50}));
}

TEST(Credit, message_counts_as_what_it_weighs_now) {
  Credit credit{{.messages = 3, .bytes = 100}};
  credit.arrived(30);
  credit.arrived(50);
  credit.weighs(30, 45);
  credit.weighs(50, 5);
  EXPECT_EQ(credit.held(), (Amount{.messages = 2, .bytes = 50}));
}

TEST(Credit, abandoned_messages_free_all_of_it) {
  Credit credit{{.messages = 3, .bytes = 100}};
  credit.arrived(30);
  credit.arrived(50);
  credit.abandoned();
  EXPECT_EQ(credit.free(), credit.most());
}

TEST(Credit, neither_too_large_a_message_nor_one_too_many_wraps_around) {
  Credit credit{{.messages = 1, .bytes = 100}};
  credit.arrived(500);
  credit.arrived(1);
  EXPECT_EQ(credit.free(), (Amount{}));
  for (int i = 0; i < 3; ++i) credit.released(500);
  EXPECT_EQ(credit.held(), (Amount{}));
}

}  // namespace
}  // namespace hangar
