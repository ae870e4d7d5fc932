#include "prefect/uuid_sequence.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace hangar::prefect {
namespace {

constexpr Timestamp noon{std::chrono::sys_days{std::chrono::November / 20 / 2026} +
                         std::chrono::hours{12}};

TEST(UuidSequence, each_is_of_version_7_and_greater_than_the_one_before) {
  UuidSequence ids{noon};
  Uuid before = ids.next();
  for (int i = 0; i < 1'000; ++i) {
    const Uuid id = ids.next();
    EXPECT_LT(before, id);
    EXPECT_EQ(id.bytes[6] >> 4, 7);
    EXPECT_EQ(id.bytes[8] >> 6, 2);
    before = id;
  }
}

TEST(UuidSequence, begins_with_the_milliseconds_of_its_time) {
  const Uuid id = UuidSequence{noon}.next();
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | id.bytes.at(i);
  EXPECT_EQ(milliseconds, noon.time_since_epoch().count() / 1'000);
}

TEST(UuidSequence, two_of_one_moment_differ) {
  EXPECT_NE(UuidSequence{noon}.next(), UuidSequence{noon}.next());
}

}  // namespace
}  // namespace hangar::prefect
