#include "batch/refused_messages.hpp"

#include <gtest/gtest.h>

namespace hangar::batch {
namespace {

TEST(RefusedMessages, of_a_stream_made_anew_nothing_is_known) {
  using namespace std::chrono_literals;
  RefusedMessages refused;
  Message::Content info{.data = {}, .subject = {}, .sequence = 7};
  const Message old{info, nullptr};
  info.stored += 1s;
  const Message another{info, nullptr};
  refused.refuse(old, {"check", "why"}, {}).condemned = true;
  EXPECT_FALSE(refused.suspects(another));
  EXPECT_EQ(refused.refusals(another), 0U);
  EXPECT_EQ(refused.take_condemned(another), std::nullopt) << "and it forgets the old one";
  EXPECT_FALSE(refused.suspects(old));
}

}  // namespace
}  // namespace hangar::batch
