#include "nats/inbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hangar {
namespace {

TEST(Inbox, burst_wakes_once_and_comes_in_order) {
  int woken = 0;
  Inbox inbox{[&] { ++woken; }};
  inbox.put(make_message("a", "", "1"));
  inbox.put(make_message("b", "", "2"));
  EXPECT_EQ(woken, 1);
  const auto messages = inbox.take();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(subject_of(*messages[0]), "a");
  EXPECT_EQ(body_of(*messages[1]), "2");
  EXPECT_TRUE(inbox.take().empty());
  inbox.put(make_message("c", "", ""));
  EXPECT_EQ(woken, 2);
}

TEST(WireMessage, headers_come_back_with_every_value) {
  const WireMessage message =
      make_message("subject", "reply", "body", {{"A", "1"}, {"B", "2"}, {"A", "3"}});
  EXPECT_EQ(header_of(*message, "A"), "1");
  EXPECT_EQ(header_of(*message, "C"), std::nullopt);
  Headers headers = headers_of(*message);
  std::sort(headers.begin(), headers.end());
  EXPECT_EQ(headers, (Headers{{"A", "1"}, {"A", "3"}, {"B", "2"}}));
  EXPECT_EQ(reply_of(*message), "reply");
  EXPECT_TRUE(headers_of(*make_message("s", "", "")).empty());
}

}  // namespace
}  // namespace hangar
