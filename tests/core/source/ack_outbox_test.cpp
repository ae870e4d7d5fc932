#include "source/ack_outbox.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace hangar {
namespace {

using Flush = AckOutbox::Flush;

class AckOutboxTest : public testing::Test {
 protected:
  std::vector<Flush> asked;
  AckOutbox outbox;

  AckOutboxTest() {
    outbox.on_flush([this](Flush when) { asked.push_back(when); });
  }

  static WireMessage message() { return make_message("subject", "reply", "body"); }
  /// The answers among what is sent, each as `subject body`.
  static std::vector<std::string> acks(std::vector<Outgoing>& items) {
    std::vector<std::string> found;
    for (Outgoing& item : items) {
      auto* acks = std::get_if<Answers>(&item);
      if (acks == nullptr) continue;
      acks->send([&](std::string_view subject, std::string_view body) {
        found.push_back(std::string{subject} + " " + std::string{body});
        return true;
      });
    }
    return found;
  }
  static std::size_t freed(const std::vector<Outgoing>& items) {
    std::size_t count = 0;
    for (const Outgoing& item : items) {
      if (const auto* spent = std::get_if<ToFree>(&item)) count += spent->messages.size();
    }
    return count;
  }
  std::vector<std::string> sent() {
    std::vector<Outgoing> items = outbox.take();
    return acks(items);
  }
};

using Texts = std::vector<std::string>;

TEST_F(AckOutboxTest, nothing_leaves_it_while_it_is_shut) {
  outbox.add("a", "+ACK");
  EXPECT_TRUE(outbox.take().empty());
  EXPECT_FALSE(outbox.empty());
  outbox.open();
  EXPECT_EQ(sent(), Texts{"a +ACK"});
  EXPECT_TRUE(outbox.empty());
  outbox.add("b", "-NAK");
  outbox.shut();
  EXPECT_TRUE(outbox.take().empty());
}

TEST_F(AckOutboxTest, nothing_leaves_it_while_the_last_pull_ends) {
  outbox.open();
  outbox.add("a", "-NAK");
  outbox.hold_back(true);
  EXPECT_TRUE(outbox.take().empty());
  outbox.hold_back(false);
  EXPECT_EQ(sent(), Texts{"a -NAK"});
}

TEST_F(AckOutboxTest, unsent_answers_go_before_later_ones) {
  outbox.open();
  outbox.add("a", "+ACK");
  outbox.add("b", "+ACK");
  std::vector<Outgoing> unsent = outbox.take();
  outbox.shut();
  outbox.add("c", "+ACK");
  unsent.emplace_back(message());  // a pull, which belongs to the connection that is gone
  unsent.emplace_back(EndPulls{});
  outbox.put_back(unsent);
  outbox.open();
  EXPECT_EQ(sent(), (Texts{"a +ACK", "b +ACK", "c +ACK"}));
}

TEST_F(AckOutboxTest, abandoned_answers_are_never_sent) {
  outbox.open();
  outbox.add("a", "+ACK");
  outbox.abandon();
  EXPECT_TRUE(outbox.empty());
  outbox.add("b", "+ACK");
  EXPECT_EQ(sent(), Texts{"b +ACK"});
}

TEST_F(AckOutboxTest, one_flush_is_asked_for_until_it_comes) {
  for (int i = 0; i < 3; ++i) outbox.add("a", "+ACK");
  EXPECT_EQ(asked, std::vector{Flush::soon}) << "also while it is shut: there is credit again";
  (void)outbox.take();
  outbox.add("a", "+ACK");
  EXPECT_EQ(asked.size(), 2U);
}

TEST_F(AckOutboxTest, messages_are_freed_by_who_sends_and_kept_for_nobody_else) {
  outbox.free(message());
  outbox.free_data(message(), 1000);
  outbox.open();
  EXPECT_TRUE(outbox.take().empty());
  outbox.free(message());
  outbox.free(nullptr);
  EXPECT_TRUE(asked.empty()) << "that leaves with its answer";
  EXPECT_EQ(freed(outbox.take()), 1U);
}

TEST_F(AckOutboxTest, much_data_is_freed_at_once) {
  outbox.open();
  for (int i = 0; i < 3; ++i) outbox.free_data(message(), 100U << 10U);
  EXPECT_EQ(asked, (std::vector{Flush::soon, Flush::now}));
  EXPECT_EQ(freed(outbox.take()), 3U);
  outbox.free_data(message(), 100U << 10U);
  EXPECT_EQ(asked.back(), Flush::soon);
}

}  // namespace
}  // namespace hangar
