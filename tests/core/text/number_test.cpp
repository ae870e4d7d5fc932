#include "text/number.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace hangar {
namespace {

TEST(ParseNumber, takes_a_whole_text_that_fits) {
  EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_number<std::int64_t>("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_number<std::uint16_t>("0065535"), 65535);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1.0", "1e3", "0x1", "65536", "a", "1a"}) {
    EXPECT_EQ(parse_number<std::uint16_t>(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace hangar
