#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/stream_setup.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

Rejection unreadable() { return {"odd", "odd"}; }

class RejectingSourceTest : public NatsTest {
 protected:
  asio::awaitable<void> update_dead_letters(const char* limit, std::int64_t value) {
    json::object limits = (co_await api("STREAM.INFO.HANGAR_DLQ")).body.at("config").as_object();
    limits[limit] = value;
    EXPECT_TRUE((co_await api("STREAM.UPDATE.HANGAR_DLQ", std::move(limits))).ok());
  }
  /// Dead letters are refused until `take_letters`.
  asio::awaitable<void> refuse_letters() {
    co_await publish_one("hangar.dlq.other", "fills it");
    co_await update_dead_letters("max_msgs", 1);
  }
  asio::awaitable<void> take_letters() { co_await update_dead_letters("max_msgs", -1); }
  asio::awaitable<void> until_letters(std::uint64_t count) {
    co_await until([this, count]() -> asio::awaitable<bool> {
      co_return (co_await stream(dead_letter_stream)).messages == count;
    });
  }
  asio::awaitable<void> until_said(std::string_view words) {
    co_await until([this, words]() -> asio::awaitable<bool> { co_return log_.contains(words); });
  }
};

TEST_F(RejectingSourceTest, rejected_message_is_in_the_dead_letter_stream_before_it_is_acked) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    Headers headers{{"Kind", "odd"}};
    co_await publish_one(subject, "bad event", std::move(headers));
    Batch batch = co_await collect(*tested, 1);
    Rejection why{"not_json", "line one\r\nInjected: yes", "/id", "22P05"};
    co_await tested->reject(std::move(batch.front()), std::move(why));
    co_await until_ack_pending(0);
    EXPECT_EQ((co_await stream(dead_letter_stream)).messages, 1U);
    EXPECT_EQ((co_await consumer()).ack_floor, 1U);
    EXPECT_EQ(tested->counters()->rejected.value(), 1U);
    EXPECT_TRUE(log_.contains("event 1 cannot be recorded")) << log_.text();
    co_await tested->close();
  }());
}

TEST_F(RejectingSourceTest, good_messages_pass_one_whose_dead_letter_cannot_be_stored) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    co_await refuse_letters();
    co_await publish(3);
    Batch batch = co_await collect(*tested, 3);
    co_await tested->reject(std::move(batch[1]), unreadable());
    batch[0].ack();
    batch[2].ack();
    co_await until_said("cannot store a dead letter");
    co_await publish(2);
    Batch later = co_await collect(*tested, 2);
    later.ack();
    co_await until_ack_pending(1);
    EXPECT_EQ((co_await consumer()).ack_floor, 1U);
    EXPECT_EQ(tested->counters()->letters.value(), 1U);
    EXPECT_EQ(tested->counters()->letters_stuck.value(), 0U);
    co_await take_letters();
    co_await until_ack_pending(0);
    EXPECT_EQ((co_await stream(dead_letter_stream)).messages, 2U);
    EXPECT_EQ((co_await consumer()).ack_floor, 5U);
    EXPECT_EQ(tested->counters()->rejected.value(), 1U);
    co_await tested->close();
  }());
}

TEST_F(RejectingSourceTest, rejecting_waits_when_half_of_what_may_be_held_has_no_dead_letter) {
  run([this]() -> asio::awaitable<void> {
    const std::uint64_t most = 6;
    {
      const auto first = source();  // makes the stream
      co_await first->open();
      co_await first->close();
    }
    json::object twelve{{"stream_name", stream_name},
                        {"config", json::object{{"durable_name", "twelve"},
                                                {"ack_policy", "explicit"},
                                                {"filter_subject", subject},
                                                {"max_ack_pending", 2 * most}}}};
    EXPECT_TRUE((co_await api("CONSUMER.DURABLE.CREATE.PREFECT_TASKS.twelve", twelve)).ok());
    PullOptions of_twelve = options();
    of_twelve.source.durable = "twelve";
    const auto tested = source(of_twelve);
    co_await tested->open();
    co_await refuse_letters();
    co_await publish(10);
    Batch batch = co_await collect(*tested, 10);
    bool done = false;
    const auto reject_all = [&]() -> asio::awaitable<void> {
      for (Message& message : batch) co_await tested->reject(std::move(message), unreadable());
      done = true;
    };
    asio::co_spawn(io_, reject_all, asio::detached);
    co_await until([&]() -> asio::awaitable<bool> {
      co_return tested->counters()->letters_stuck.value() == 1U;
    });
    EXPECT_EQ(tested->counters()->letters.value(), most);
    EXPECT_FALSE(done);
    const std::string why = tested->counters()->letters_obstacle.value();
    EXPECT_NE(why.find("nats stream edit HANGAR_DLQ --max-msgs=-1"), std::string::npos) << why;
    EXPECT_EQ(why.find("dlq_max_bytes"), std::string::npos) << why;
    EXPECT_EQ(tested->counters()->acked.value() + tested->counters()->rejected.value(), 0U);
    co_await take_letters();
    co_await until(
        [&]() -> asio::awaitable<bool> { co_return tested->counters()->rejected.value() == 10U; });
    EXPECT_TRUE(done);
    EXPECT_EQ(tested->counters()->letters_stuck.value(), 0U);
    EXPECT_EQ(tested->counters()->letters_obstacle.value(), "");
    co_await until_letters(11);
    co_await tested->close();
  }());
}

TEST_F(RejectingSourceTest, stop_gives_back_what_has_no_dead_letter_yet) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    co_await refuse_letters();
    co_await publish(3);
    Batch batch = co_await collect(*tested, 3);
    for (Message& message : batch) co_await tested->reject(std::move(message), unreadable());
    co_await until_said("cannot store a dead letter");
    tested->stop();
    co_await tested->close();
    EXPECT_EQ(tested->counters()->nacked.value(), 3U);
    EXPECT_EQ(tested->counters()->held.value(), 0U);
    const auto other = source();
    co_await other->open();
    Batch again = co_await collect(*other, 3);
    for (const Message& message : again) EXPECT_EQ(message.deliveries(), 2U);
    again.ack();
    co_await other->close();
  }());
}

TEST_F(RejectingSourceTest, dead_letter_stream_that_was_deleted_is_made_again_before_the_ack) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    EXPECT_TRUE((co_await api("STREAM.DELETE.HANGAR_DLQ")).ok());
    co_await publish(1);
    Batch batch = co_await collect(*tested, 1);
    co_await tested->reject(std::move(batch.front()), unreadable());
    co_await until_ack_pending(0);
    EXPECT_EQ((co_await stream(dead_letter_stream)).messages, 1U);
    co_await tested->close();
  }());
}

TEST_F(RejectingSourceTest, full_dead_letter_stream_is_announced_and_keeps_what_it_has) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = source();
    co_await tested->open();
    const StreamInfo made = co_await stream(dead_letter_stream);
    EXPECT_EQ(made.max_bytes, 256LL << 20U);
    EXPECT_TRUE(lint_dead_letters(made, 8'000'000).empty());
    EXPECT_EQ(made.duplicate_window, 24h);
    co_await update_dead_letters("max_bytes", 4096);
    co_await publish(1, std::string(2000, 'x'));
    co_await publish(1, std::string(1000, 'x'));
    Batch fits = co_await collect(*tested, 2);
    for (Message& message : fits) co_await tested->reject(std::move(message), unreadable());
    co_await until_letters(2);
    co_await until_said("stream HANGAR_DLQ holds ");
    EXPECT_EQ(tested->counters()->stored_letters.value(), 2U);
    EXPECT_EQ(tested->counters()->most_letter_bytes.value(), 4096U);
    EXPECT_GE(tested->counters()->stored_letter_bytes.value(), 4096U * 8 / 10);
    co_await publish(1, std::string(2000, 'x'));
    Batch batch = co_await collect(*tested, 1);
    co_await tested->reject(std::move(batch.front()), unreadable());
    co_await until_said("cannot store a dead letter");
    EXPECT_EQ((co_await stream(dead_letter_stream)).messages, 2U);
    EXPECT_EQ((co_await consumer()).ack_pending, 1U);
    EXPECT_TRUE((co_await api("STREAM.PURGE.HANGAR_DLQ")).ok());
    co_await until_letters(1);
    co_await until_ack_pending(0);
    co_await tested->close();
  }());
}

TEST_F(RejectingSourceTest, letter_that_was_purged_is_stored_when_the_event_fails_again) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    co_await publish(1);
    // The last time it is still there, and is not stored twice.
    for (int time = 0; time < 4; ++time) {
      PullOptions again = options();
      if (time > 0) again.replay = StreamStart{};
      const auto tested = source(again);
      co_await tested->open();
      Batch batch = co_await collect(*tested, 1);
      co_await tested->reject(std::move(batch.front()), unreadable());
      co_await until(
          [&]() -> asio::awaitable<bool> { co_return tested->counters()->rejected.value() == 1; });
      EXPECT_EQ((co_await stream(dead_letter_stream)).messages, 1U) << time;
      co_await tested->close();
      if (time < 2) co_await api("STREAM.PURGE.HANGAR_DLQ");
    }
  }());
}

}  // namespace
}  // namespace hangar::test
