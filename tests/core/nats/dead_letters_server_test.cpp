#include "broker.hpp"
#include "hangar/error.hpp"
#include "nats/dead_letters.hpp"
#include "nats/stream_setup.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

class DeadLettersTest : public BrokerTest {
 protected:
  asio::awaitable<void> store(std::string service, std::uint64_t sequence) {
    DeadLetterOrigin origin{.service = service,
                            .stream = "EVENTS",
                            .stream_created = "then",
                            .subject = "events.task",
                            .sequence = sequence,
                            .deliveries = 1,
                            .rejected = std::chrono::system_clock::now()};
    Rejection why{.reason = "odd", .error = "It is odd"};
    Headers headers = dead_letter_headers(origin, why, {});
    co_await publish_one(dead_letter_subject(service), std::string(1000, 'x'), std::move(headers));
  }
  asio::awaitable<void> make_stream() {
    const auto link = co_await connect();
    co_await ensure_dead_letter_stream(*link, 1, WhenAbsent::create);
  }
};

TEST_F(DeadLettersTest, list_is_empty_without_a_stream_and_without_letters) {
  EXPECT_TRUE(list_dead_letters(config(), {}, log_).empty());
  run(make_stream());
  EXPECT_TRUE(list_dead_letters(config(), {}, log_).empty());
}

TEST_F(DeadLettersTest, list_shows_each_letter_once_oldest_first_and_by_service) {
  run([this]() -> asio::awaitable<void> {
    co_await make_stream();
    for (std::uint64_t i = 1; i <= 600; ++i) co_await store(i % 2 != 0 ? "one" : "two", i);
  }());
  const auto all = list_dead_letters(config(), {}, log_);
  ASSERT_EQ(all.size(), 600U);
  for (std::uint64_t i = 1; i <= 600; ++i) {
    EXPECT_EQ(all[i - 1].sequence, i);
    EXPECT_EQ(all[i - 1].dead_letter_sequence, i);
    EXPECT_EQ(all[i - 1].size, 1000U);
    EXPECT_EQ(all[i - 1].reason, "odd");
  }
  DeadLetterQuery query;
  query.service = "two";
  const auto two = list_dead_letters(config(), query, log_);
  EXPECT_EQ(two.size(), 300U);
  for (const DeadLetter& letter : two) EXPECT_EQ(letter.service, "two");
  query.limit = 10;
  EXPECT_EQ(list_dead_letters(config(), query, log_).size(), 10U);
}

TEST_F(DeadLettersTest, same_event_rejected_twice_is_one_letter) {
  run([this]() -> asio::awaitable<void> {
    co_await make_stream();
    co_await store("one", 1);
    co_await store("one", 1);
  }());
  EXPECT_EQ(list_dead_letters(config(), {}, log_).size(), 1U);
}

TEST_F(DeadLettersTest, server_that_cannot_be_reached_is_given_up) {
  HostConfig::Nats nobody;
  nobody.urls = {"nats://127.0.0.1:1"};
  DeadLetterQuery query;
  query.patience = 300ms;
  EXPECT_THROW((void)list_dead_letters(nobody, query, log_), TransientError);
}

}  // namespace
}  // namespace hangar::test
