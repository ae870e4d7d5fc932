#include "source/consumer_check.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "hangar/error.hpp"

namespace hangar {
namespace {

using namespace std::chrono_literals;

class Lines final : public Log {
 public:
  std::string text;
  void write(LogLevel, std::string_view line) noexcept override { text.append(line) += '\n'; }
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return true; }
};

class ConsumerCheckTest : public testing::Test {
 protected:
  static constexpr std::uint64_t enough = 8U << 20U;
  Lines log;
  ConsumerCheck::Expected expected{.stream = "EVENTS",
                                   .durable = "worker",
                                   .filter = "events.task",
                                   .max_age = 168h,
                                   .credit = 4000};
  ConsumerCheck check{expected, log};
  StreamInfo stream;
  ConsumerInfo consumer;

  ConsumerCheckTest() {
    stream.name = std::string{"EVENTS"};
    stream.subjects = {"events.>"};
    stream.stored_subjects = {"events.>"};
    stream.discard = std::string{"new"};
    stream.max_age = 168h;
    stream.duplicate_window = 5min;
    stream.created = std::string{"2026-01-01T00:00:00.1Z"};
    consumer.durable = std::string{"worker"};
    consumer.ack_policy = std::string{"explicit"};
    consumer.filter_subjects = {"events.task"};
    consumer.ack_wait = 30s;
    consumer.max_ack_pending = 20'000;
    consumer.created = std::string{"2026-01-01T00:00:01.1Z"};
    stream.first_sequence = 1;
    stream.last_sequence = 20;
    consumer.delivered_sequence = consumer.deliveries = 10;
    consumer.pending = 10;
  }
  ConsumerCheck of_replay() {
    expected.replay = true;
    return {expected, log};
  }
  [[nodiscard]] Sighting sighting() const {
    Sighting seen;
    seen.before = seen.after = stream;
    seen.consumer = consumer;
    return seen;
  }
  std::uint64_t lost() { return check.compare(check.incarnation(), sighting()).value().lost; }
  /// Of ten that are still to be delivered.
  void drop(std::uint64_t messages) {
    stream.first_sequence = consumer.delivered_sequence + messages + 1;
    consumer.pending -= messages;
  }
  /// Empty when both can be used.
  std::string refusal(ConsumerCheck& tested) const {
    try {
      tested.stream(stream);
      tested.settings(stream, consumer, nullptr, enough);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  }
};

TEST_F(ConsumerCheckTest, what_is_as_it_should_be_is_not_told) {
  EXPECT_EQ(refusal(check), "");
  EXPECT_EQ(log.text, "");
}

TEST_F(ConsumerCheckTest, each_thing_that_is_wrong_is_warned_of_once) {
  stream.storage = std::string{"memory"};
  for (int time = 0; time < 2; ++time) check.settings(stream, consumer, nullptr, enough);
  EXPECT_TRUE(log.text.starts_with("stream EVENTS, consumer worker: storage: ")) << log.text;
  EXPECT_EQ(log.text.find("storage: "), log.text.rfind("storage: "));
  check.settings(stream, consumer, nullptr, 1U << 20U);
  EXPECT_NE(log.text.find("max_payload: the server takes 1048576 bytes"), std::string::npos);
}

TEST_F(ConsumerCheckTest, dead_letter_stream_is_judged_where_there_is_one) {
  StreamInfo letters;
  letters.name = std::string{"HANGAR_DLQ"};
  letters.subjects = {"hangar.dlq.>"};
  letters.storage = std::string{"memory"};
  check.settings(stream, consumer, &letters, enough);
  EXPECT_NE(log.text.find("HANGAR_DLQ"), std::string::npos) << log.text;
}

TEST_F(ConsumerCheckTest, unusable_consumer_is_refused_after_the_warnings_and_not_of_a_replay) {
  stream.storage = std::string{"memory"};
  consumer.max_deliver = 3;
  consumer.headers_only = true;
  const std::string refused = refusal(check);
  EXPECT_TRUE(refused.starts_with("consumer worker of stream EVENTS cannot be used: ")) << refused;
  EXPECT_NE(refused.find("max_deliver: "), std::string::npos) << refused;
  EXPECT_NE(refused.find("headers_only: "), std::string::npos) << refused;
  EXPECT_NE(log.text.find("storage: "), std::string::npos) << log.text;
  ConsumerCheck replay = of_replay();
  EXPECT_EQ(refusal(replay), "") << "whose consumer is made for it";
}

TEST_F(ConsumerCheckTest, stream_that_deletes_what_is_acked_is_refused_to_a_replay_alone) {
  stream.retention = std::string{"workqueue"};
  EXPECT_EQ(refusal(check), "");
  ConsumerCheck replay = of_replay();
  EXPECT_TRUE(refusal(replay).starts_with("stream EVENTS has retention `workqueue`"));
}

TEST_F(ConsumerCheckTest, stream_or_consumer_that_was_made_anew_is_noticed) {
  using Seen = ConsumerCheck::Seen;
  EXPECT_EQ(check.identify(stream, consumer), Seen::first);
  EXPECT_EQ(check.identify(stream, consumer), Seen::same);
  consumer.created = std::string{"2026-01-01T00:00:01.2Z"};
  EXPECT_EQ(check.identify(stream, consumer), Seen::same) << "nats-server 2.9 after a restart";
  consumer.created = std::string{"2026-01-01T00:00:09.2Z"};
  EXPECT_EQ(check.identify(stream, consumer), Seen::recreated);
  stream.created = std::string{"2026-01-01T00:00:08.2Z"};
  EXPECT_EQ(check.identify(stream, consumer), Seen::recreated);
  EXPECT_EQ(check.identify(stream, consumer), Seen::same);
  check.forget();
  EXPECT_EQ(check.identify(stream, consumer), Seen::first);
}

TEST_F(ConsumerCheckTest, stream_that_ends_before_what_was_delivered_was_rolled_back) {
  consumer.delivered_sequence = 10;
  for (const std::uint64_t last : {9U, 10U, 11U}) {
    stream.last_sequence = last;
    EXPECT_EQ(check.rolled_back(stream, consumer), last == 9);
    EXPECT_FALSE(of_replay().rolled_back(stream, consumer)) << "it may begin behind the end";
  }
}

TEST_F(ConsumerCheckTest, what_the_stream_dropped_since_it_was_seen_last_is_told_and_counted) {
  check.identify(stream, consumer);
  EXPECT_EQ(lost(), 0U) << "nothing to compare with";
  drop(6);
  EXPECT_EQ(lost(), 6U);
  EXPECT_EQ(log.text,
            "stream EVENTS dropped at least 6 messages before consumer worker was given them: it "
            "begins at 17 now, and what was delivered ended at 10; look at the stream's limits and "
            "at who purges it\n");
  EXPECT_EQ(lost(), 0U);
}

TEST_F(ConsumerCheckTest, one_incarnation_is_not_compared_with_another) {
  check.identify(stream, consumer);
  EXPECT_EQ(lost(), 0U);
  const Incarnation asked = check.incarnation();
  drop(6);
  stream.created = std::string{"2026-01-01T00:00:09.1Z"};
  EXPECT_FALSE(check.compare(asked, sighting())) << "made anew while it was asked for";
  check.identify(stream, consumer);
  EXPECT_FALSE(check.compare(asked, sighting())) << "and found so meanwhile";
  EXPECT_EQ(lost(), 0U);
  check.forget();
  EXPECT_FALSE(check.compare(asked, sighting()));
  check.identify(stream, consumer);
  drop(2);
  EXPECT_EQ(lost(), 0U) << "the consumer was made anew";
  EXPECT_EQ(log.text, "");
}

TEST_F(ConsumerCheckTest, ack_was_taken_when_the_floor_rises_or_none_is_waited_for) {
  check.identify(stream, consumer);
  const auto acked = [&](std::uint64_t floor, std::uint64_t pending) {
    consumer.ack_floor = floor;
    consumer.ack_pending = pending;
    return check.compare(check.incarnation(), sighting()).value().acked;
  };
  EXPECT_FALSE(acked(5, 5)) << "nothing to compare with";
  EXPECT_FALSE(acked(5, 3));
  EXPECT_TRUE(acked(6, 3));
  EXPECT_TRUE(acked(6, 0));
}

TEST_F(ConsumerCheckTest, server_is_told_of_slow_messages_three_times_in_ack_wait) {
  EXPECT_EQ(ConsumerCheck::progress_interval(consumer), 10s);
  consumer.ack_wait = 3s;
  EXPECT_EQ(ConsumerCheck::progress_interval(consumer), 1s);
  consumer.ack_wait = 1h;
  EXPECT_EQ(ConsumerCheck::progress_interval(consumer), 10s);
}

TEST_F(ConsumerCheckTest, dead_letters_may_wait_for_half_of_what_may_be_without_an_ack) {
  struct {
    std::int64_t max_ack_pending;
    std::size_t most;
  } const cases[] = {{20'000, 2000}, {12, 6}, {1, 1}, {-1, 2000}, {0, 2000}};
  for (const auto& one : cases) {
    consumer.max_ack_pending = one.max_ack_pending;
    EXPECT_EQ(check.most_dead_letters(consumer), one.most) << one.max_ack_pending;
  }
}

}  // namespace
}  // namespace hangar
