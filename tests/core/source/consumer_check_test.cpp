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
  StreamFacts stream;
  ConsumerFacts consumer;

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
  }
  ConsumerCheck of_replay() {
    expected.replay = true;
    return {expected, log};
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
  StreamFacts letters;
  letters.name = std::string{"HANGAR_DLQ"};
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
