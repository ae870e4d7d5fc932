#include "jetstream/ack_subject.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

constexpr std::int64_t stored = 1795490878373180757;

TEST(AckSubject, short_form_is_read) {
  const auto ack = parse_ack_subject("$JS.ACK.EVENTS.worker.2.46.85.1795490878373180757.7");
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->stream, "EVENTS");
  EXPECT_EQ(ack->consumer, "worker");
  EXPECT_EQ(ack->deliveries, 2U);
  EXPECT_EQ(ack->stream_sequence, 46U);
  EXPECT_EQ(ack->consumer_sequence, 85U);
  EXPECT_EQ(ack->stored.time_since_epoch().count(), stored);
  EXPECT_EQ(ack->pending, 7U);
}

TEST(AckSubject, long_form_is_read_with_and_without_its_last_token) {
  for (const char* subject : {"$JS.ACK.hub.ACC.EVENTS.worker.2.46.85.1795490878373180757.7",
                              "$JS.ACK._.ACC.EVENTS.worker.2.46.85.1795490878373180757.7.random"}) {
    const auto ack = parse_ack_subject(subject);
    ASSERT_TRUE(ack) << subject;
    EXPECT_EQ(ack->stream, "EVENTS");
    EXPECT_EQ(ack->consumer, "worker");
    EXPECT_EQ(ack->stream_sequence, 46U);
    EXPECT_EQ(ack->pending, 7U);
  }
}

TEST(AckSubject, anything_else_is_none) {
  for (const char* subject :
       {"", "$JS.ACK.", "_INBOX.abc.p.1", "$JS.ACK.EVENTS.worker.2.46.85.1795490878373180757",
        "$JS.ACK.EVENTS.worker.2.46.85.1795490878373180757.7.8",
        "$JS.ACK.EVENTS.worker.x.46.85.1795490878373180757.7",
        "$JS.ACK.EVENTS.worker.2.46.85.99999999999999999999.7",
        "$JS.ACK.EVENTS.worker.2.-1.85.1795490878373180757.7"}) {
    EXPECT_FALSE(parse_ack_subject(subject)) << subject;
  }
}

}  // namespace
}  // namespace hangar
