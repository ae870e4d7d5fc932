#include "source/held_messages.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

class HeldMessagesTest : public testing::Test {
 protected:
  static constexpr std::uint64_t batch_bytes = 1000;
  HeldMessages::Time now = HeldMessages::Time{} + 1h;
  std::chrono::nanoseconds stored = 1'700'000'000s;
  std::shared_ptr<SourceCounters> counters = std::make_shared<SourceCounters>();
  std::shared_ptr<HeldMessages> held = std::make_shared<HeldMessages>(
      Credit::Amount{.messages = 100, .bytes = 10'000}, batch_bytes, counters);

  HeldMessagesTest() { held->outbox().open(); }
  ~HeldMessagesTest() override { held->nak_what_is_ready(); }

  /// A delivery of that position in the stream; `consumer` tells its copies apart.
  void arrive(std::uint64_t sequence, std::uint64_t deliveries = 1, std::uint64_t consumer = 0,
              const std::string& body = "event", const Headers& headers = {}) const {
    const std::string reply =
        fmt::format("$JS.ACK.S.C.{}.{}.{}.{}.0", deliveries, sequence, consumer, stored.count());
    WireMessage message = make_message("events", reply, body, headers);
    const std::string_view kept = reply_of(*message);
    held->arrived(std::move(message), kept, parse_ack_subject(kept).value(), now);
  }
  /// What is sent, each as `sequence.consumer body`.
  [[nodiscard]] Texts sent() const {
    Texts texts;
    for (Outgoing& item : held->outbox().take()) {
      auto* acks = std::get_if<Answers>(&item);
      if (acks == nullptr) continue;
      acks->send([&](std::string_view subject, std::string_view body) {
        const AckSubject ack = parse_ack_subject(subject).value();
        texts.push_back(fmt::format("{}.{} {}", ack.stream_sequence, ack.consumer_sequence, body));
        return true;
      });
    }
    return texts;
  }
  [[nodiscard]] std::uint64_t accounted_for() const {
    const SourceCounters& all = *counters;
    return all.acked.value() + all.nacked.value() + all.rejected.value() + all.abandoned.value() +
           all.held.value();
  }
};

TEST_F(HeldMessagesTest, messages_are_handed_out_in_order_and_each_is_answered_once) {
  for (const std::uint64_t sequence : {3U, 4U, 7U}) arrive(sequence);
  Batch batch = held->take(2, now);
  ASSERT_EQ(batch.size(), 2U);
  EXPECT_EQ(batch[0].sequence(), 3U);
  EXPECT_EQ(batch[0].data(), "event");
  EXPECT_EQ(held->batch_due(2, 2s), now + 2s);
  EXPECT_TRUE(sent().empty());
  batch[1].nak(2ms);
  batch[1].ack();
  batch[0].ack();
  EXPECT_EQ(sent(), (Texts{R"(4.0 -NAK {"delay":2000000})", "3.0 +ACK"}));
  EXPECT_EQ(held->size(), 1U);
}

TEST_F(HeldMessagesTest, small_batches_are_linger_apart_and_a_message_that_comes_later_waits_not) {
  constexpr auto linger = 2s;
  arrive(1);
  held->take(10, now).ack();
  const auto taken = now;
  for (const auto& [later, sequence] : {std::pair{1s, 2U}, {3s, 3U}}) {
    now = taken + later;
    arrive(sequence);
    EXPECT_EQ(held->batch_due(10, linger), taken + linger) << "it waits for others until then";
  }
  EXPECT_LT(held->batch_due(10, linger), now);
  EXPECT_LE(held->batch_due(2, linger), taken) << "it is full";
  held->take(10, now).ack();
}

TEST_F(HeldMessagesTest, marker_of_what_was_deleted_is_acked_and_never_handed_out) {
  for (const char* name : {"Nats-Marker-Reason", "Nats-Rollup", "KV-Operation"}) {
    arrive(1, 1, 1, "", {{name, "PURGE"}});
  }
  EXPECT_EQ(sent(), (Texts{"1.1 +ACK", "1.1 +ACK", "1.1 +ACK"}));
  EXPECT_TRUE(held->none_ready());
  EXPECT_EQ(counters->received.value(), 3U);
  EXPECT_EQ(counters->acked.value(), 3U);
  arrive(2, 1, 1, "event", {{"KV-Operation", "PUT"}});
  arrive(3, 1, 1, "");
  EXPECT_EQ(held->take(10, now).size(), 2U) << "they are events";
}

TEST_F(HeldMessagesTest, dropped_message_goes_back_to_the_stream_at_once) {
  arrive(1);
  { const Batch dropped = held->take(1, now); }
  EXPECT_EQ(sent(), Texts{"1.0 -NAK"});
  EXPECT_EQ(held->credit().held(), (Credit::Amount{}));
}

TEST_F(HeldMessagesTest, copy_is_merged_and_its_answer_goes_to_where_the_newest_came_from) {
  arrive(1, 1, 1);
  Batch batch = held->take(1, now);
  arrive(1, 2, 5);
  EXPECT_TRUE(held->none_ready());
  EXPECT_EQ(counters->copies.value(), 1U);
  EXPECT_EQ(counters->received.value(), 1U);
  batch.ack();
  EXPECT_EQ(sent(), Texts{"1.5 +ACK"});
}

TEST_F(HeldMessagesTest, batch_ends_at_its_bytes_but_has_one_message) {
  arrive(1, 1, 0, std::string(2 * batch_bytes, 'x'));
  EXPECT_TRUE(held->fill_batch(100));
  for (std::uint64_t sequence = 2; sequence < 6; ++sequence) {
    arrive(sequence, 1, 0, std::string(400, 'x'));
  }
  EXPECT_EQ(held->take(100, now).size(), 1U);
  EXPECT_EQ(held->take(100, now).size(), 2U);
  EXPECT_FALSE(held->fill_batch(3)) << "two are left, of 900 bytes";
  EXPECT_TRUE(held->fill_batch(2));
}

TEST_F(HeldMessagesTest, forgotten_message_weighs_what_is_kept_and_cannot_be_found) {
  arrive(1, 1, 0, std::string(500, 'x'));
  arrive(2);
  Batch batch = held->take(2, now);
  EXPECT_NE(held->find(batch[0]), nullptr);
  batch[1].ack();
  batch[0].drop_data(70);
  batch[0].drop_data(60);  // has no effect
  EXPECT_EQ(held->credit().held(), (Credit::Amount{.messages = 1, .bytes = 70}));
  EXPECT_EQ(counters->held_bytes.value(), 70U);
  EXPECT_EQ(held->find(batch[0]), nullptr) << "there is nothing to put into a dead letter";
  EXPECT_EQ(batch[0].header("Any"), std::nullopt);
  batch[0].ack();
  EXPECT_EQ(sent(), (Texts{"2.0 +ACK", "1.0 +ACK"}));
}

TEST_F(HeldMessagesTest, later_delivery_of_the_same_position_is_not_found_for_the_earlier_one) {
  arrive(1);
  Batch first = held->take(1, now);
  held->nak_all([] { return 0ms; });
  arrive(1, 2);
  const Batch second = held->take(1, now);
  EXPECT_EQ(held->find(first[0]), nullptr);
  EXPECT_NE(held->find(second[0]), nullptr);
  EXPECT_EQ(counters->redelivered.value(), 1U);
  first.ack();
  EXPECT_EQ(counters->acked.value(), 0U) << "it has an answer";
}

TEST_F(HeldMessagesTest, dead_letter_is_acked_and_counted_as_rejected) {
  arrive(1);
  Batch batch = held->take(1, now);
  held->reject(*held->find(batch[0]));
  batch.ack();
  EXPECT_EQ(sent(), Texts{"1.0 +ACK"});
  EXPECT_EQ(counters->rejected.value(), 1U);
  EXPECT_EQ(counters->acked.value(), 0U);
}

TEST_F(HeldMessagesTest, abandoned_messages_are_not_answered) {
  for (const std::uint64_t sequence : {1U, 2U, 3U}) arrive(sequence);
  Batch batch = held->take(2, now);
  batch[0].ack();
  held->abandon();
  EXPECT_TRUE(held->none_ready());
  EXPECT_EQ(held->credit().held(), (Credit::Amount{}));
  arrive(2);  // of another stream
  EXPECT_EQ(held->find(batch[1]), nullptr);
  batch.ack();
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(counters->abandoned.value(), 2U);
  EXPECT_EQ(held->size(), 1U);
}

TEST_F(HeldMessagesTest, message_that_takes_long_is_due_once_an_interval) {
  arrive(1);
  now += 4s;
  arrive(2);
  EXPECT_TRUE(held->due(now, 5s).empty());
  now += 1s;
  EXPECT_EQ(held->due(now, 5s), Texts{"$JS.ACK.S.C.1.1.0.1700000000000000000.0"});
  EXPECT_TRUE(held->due(now, 5s).empty());
  now += 5s;
  EXPECT_EQ(held->due(now, 5s).size(), 2U);
  EXPECT_EQ(counters->in_progress.value(), 3U);
}

TEST_F(HeldMessagesTest, oldest_is_the_one_that_was_stored_first_of_those_without_an_answer) {
  EXPECT_FALSE(held->oldest_stored());
  const auto since_1970 = [&] { return held->oldest_stored().value().time_since_epoch(); };
  const auto first = stored;
  arrive(1);
  stored += 1s;
  arrive(2);
  EXPECT_EQ(since_1970(), first);
  Batch batch = held->take(1, now);
  EXPECT_EQ(since_1970(), first);
  batch[0].ack();
  EXPECT_EQ(since_1970(), stored);
}

TEST_F(HeldMessagesTest, all_go_back_each_with_a_delay_of_its_own) {
  for (const std::uint64_t sequence : {1U, 2U}) arrive(sequence);
  const Batch batch = held->take(1, now);
  held->nak_all([delay = 0ms]() mutable { return delay += 1ms; });
  EXPECT_TRUE(held->none_ready());
  Texts answers = sent();
  for (std::string& answer : answers) answer.erase(0, answer.find(' '));
  EXPECT_EQ(answers, (Texts{R"( -NAK {"delay":1000000})", R"( -NAK {"delay":2000000})"}));
}

TEST_F(HeldMessagesTest, message_may_outlive_its_source) {
  arrive(1);
  Batch batch = held->take(1, now);
  const std::weak_ptr<HeldMessages> alive = held;
  held = std::make_shared<HeldMessages>(Credit::Amount{}, batch_bytes, counters);
  EXPECT_EQ(batch[0].data(), "event");
  batch.ack();
  EXPECT_TRUE(alive.expired()) << "nothing else keeps it";
}

// Whatever a service and a server do, each message is accounted for at any moment.
TEST_F(HeldMessagesTest, received_is_what_was_answered_or_abandoned_or_is_held) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random{seed};
    std::vector<Message> service;
    for (int i = 0; i < 300; ++i) {
      const auto any = [&] { return static_cast<std::ptrdiff_t>(random() % service.size()); };
      const auto dice = random() % 16;
      if (dice < 6) {
        arrive(1 + random() % 40, 1 + random() % 2);
      } else if (dice < 9) {
        std::ranges::move(held->take(random() % 4, now), std::back_inserter(service));
      } else if (dice == 15) {
        const auto rare = random() % 16;
        if (rare == 0) held->abandon();
        if (rare == 1) held->nak_all([] { return 1ms; });
        if (rare == 2) held->nak_what_is_ready();
      } else if (!service.empty()) {
        const auto at = service.begin() + any();
        if (dice < 11) at->ack();
        if (dice == 11) at->nak();
        if (dice == 12) at->drop_data(1 + random() % 100);
        if (dice == 13) {
          if (HeldMessage* found = held->find(*at)) held->reject(*found);
        }
        if (dice != 12) service.erase(at);
      }
      ASSERT_EQ(counters->received.value(), accounted_for()) << "seed " << seed;
      ASSERT_EQ(held->size(), held->credit().held().messages) << "seed " << seed;
      ASSERT_EQ(held->size() == 0, held->credit().held().bytes == 0) << "seed " << seed;
    }
  }
}

TEST_F(HeldMessagesTest, what_no_dead_letter_can_be_made_of_is_refused) {
  for (std::uint64_t sequence = 1; sequence <= 5; ++sequence) arrive(sequence);
  Batch batch = held->take(5, now);
  const auto refusal = [&](const Message& message) {
    try {
      held->check_rejectable(message);
    } catch (const std::logic_error& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  const std::string answered = "a message cannot be rejected that has its answer or was moved away";
  EXPECT_EQ(refusal(batch[0]), "");
  EXPECT_EQ(refusal(Message{}), answered);
  batch[1].ack();
  EXPECT_EQ(refusal(batch[1]), answered);
  const Message taken = std::move(batch[2]);
  EXPECT_EQ(refusal(batch[2]), answered);  // NOLINT(bugprone-use-after-move): that is the misuse
  EXPECT_EQ(batch[2].data(), "");          // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(refusal(taken), "");
  batch[3].drop_data(10);
  EXPECT_EQ(refusal(batch[3]),
            "message 4 cannot be rejected without its data: give it back, and reject it when it "
            "comes again");
  const auto other = std::make_shared<HeldMessages>(Credit::Amount{.messages = 1, .bytes = 1},
                                                    batch_bytes, counters);
  EXPECT_THROW(other->check_rejectable(batch[4]), std::logic_error);
  // What was abandoned meanwhile is no fault of the author's.
  held->abandon();
  EXPECT_EQ(refusal(batch[4]), "");
  EXPECT_EQ(HeldMessages::find(batch[4]), nullptr);
}

TEST_F(HeldMessagesTest, message_that_is_given_back_for_ever_comes_again_in_a_year) {
  arrive(1);
  Batch batch = held->take(1, now);
  batch[0].nak(std::chrono::milliseconds::max());
  EXPECT_EQ(sent(), Texts{R"(1.0 -NAK {"delay":31536000000000000})"});
}

}  // namespace
}  // namespace hangar
