#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>
#include <vector>

#include "dead_letters/dead_letters.hpp"
#include "hangar/error.hpp"
#include "jetstream/stream_setup.hpp"
#include "nats_test.hpp"
#include "text/base64.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

class DeadLettersTest : public NatsTest {
 protected:
  asio::awaitable<void> store(std::string service, std::uint64_t sequence) {
    DeadLetterOrigin origin{.service = service,
                            .stream = "EVENTS",
                            .stream_created = "then",
                            .subject = "events.task",
                            .sequence = sequence,
                            .deliveries = 1,
                            .rejected = std::chrono::system_clock::now()};
    Rejection why{"odd", "It is odd"};
    Headers headers = dead_letter_headers(origin, why, {{"Kind", "odd"}});
    co_await publish_one(dead_letter_subject(service), std::string(1000, 'x'), std::move(headers));
  }
  asio::awaitable<void> make_stream() {
    const auto link = co_await connect();
    StreamConfig wanted = dead_letter_config(config());
    co_await ensure_dead_letter_stream(*link, std::move(wanted), WhenAbsent::create);
  }
  std::vector<DeadLetter> list(const DeadLetterFilter& filter = {}) {
    std::vector<DeadLetter> found;
    DeadLetters::run(config(), log_, [&](DeadLetters& letters) -> asio::awaitable<void> {
      co_await letters.each(filter, [&](DeadLetter letter) { found.push_back(std::move(letter)); });
    });
    return found;
  }
  void with_letters(const DeadLetters::Work& work) { DeadLetters::run(config(), log_, work); }
  asio::awaitable<void> make_event_stream() {
    boost::json::object wanted{{"name", "EVENTS"}, {"subjects", boost::json::array{"events.*"}}};
    EXPECT_TRUE((co_await api("STREAM.CREATE.EVENTS", std::move(wanted))).ok());
  }
};

TEST_F(DeadLettersTest, list_is_empty_without_a_stream_and_without_letters) {
  EXPECT_TRUE(list().empty());
  run(make_stream());
  EXPECT_TRUE(list().empty());
}

TEST_F(DeadLettersTest, list_shows_each_letter_once_oldest_first_and_by_service) {
  run([this]() -> asio::awaitable<void> {
    co_await make_stream();
    for (std::uint64_t i = 1; i <= 600; ++i) co_await store(i % 2 != 0 ? "one" : "two", i);
  }());
  const auto all = list();
  ASSERT_EQ(all.size(), 600U);
  for (std::uint64_t i = 1; i <= 600; ++i) {
    EXPECT_EQ(all[i - 1].sequence, i);
    EXPECT_EQ(all[i - 1].dead_letter_sequence, i);
    EXPECT_EQ(all[i - 1].size, 1000U);
    EXPECT_EQ(all[i - 1].reason, "odd");
    EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - all[i - 1].stored), 60s);
  }
  DeadLetterFilter filter;
  filter.service = "two";
  const auto two = list(filter);
  EXPECT_EQ(two.size(), 300U);
  for (const DeadLetter& letter : two) EXPECT_EQ(letter.service, "two");
  filter.limit = 10;
  EXPECT_EQ(list(filter).size(), 10U);
  filter.sequences = {2, 3, 600};
  EXPECT_EQ(list(filter).size(), 2U);
}

TEST_F(DeadLettersTest, same_event_rejected_twice_is_one_letter) {
  run([this]() -> asio::awaitable<void> {
    co_await make_stream();
    co_await store("one", 1);
    co_await store("one", 1);
  }());
  EXPECT_EQ(list().size(), 1U);
}

TEST_F(DeadLettersTest, replayed_event_is_in_its_stream_and_its_letter_is_gone) {
  run([this]() -> asio::awaitable<void> {
    co_await make_event_stream();
    co_await make_stream();
    co_await store("one", 1);
    co_await store("one", 2);
  }());
  with_letters([](DeadLetters& letters) -> asio::awaitable<void> {
    auto letter = co_await letters.read(1);
    EXPECT_TRUE(letter);
    if (letter) co_await letters.replay(*std::move(letter));
    EXPECT_FALSE(co_await letters.read(1));
    EXPECT_TRUE(co_await letters.read(2));
    co_await letters.remove(1);  // no error
  });
  run([this]() -> asio::awaitable<void> {
    boost::json::object first{{"seq", 1}};
    const auto answer = co_await api("STREAM.MSG.GET.EVENTS", std::move(first));
    const auto& message = answer.body.at("message").as_object();
    EXPECT_EQ(message.at("subject").as_string(), "events.task");
    EXPECT_EQ(decode_base64(message.at("data").as_string()), std::string(1000, 'x'));
    const auto headers = parse_headers(decode_base64(message.at("hdrs").as_string()));
    EXPECT_EQ(std::ranges::count(headers, Headers::value_type{"Kind", "odd"}), 1);
  }());
}

TEST_F(DeadLettersTest, replay_that_is_repeated_before_the_letter_is_deleted_stores_one_event) {
  run([this]() -> asio::awaitable<void> {
    co_await make_event_stream();
    co_await make_stream();
    co_await store("one", 1);
  }());
  for (int i = 0; i < 2; ++i) {
    with_letters([](DeadLetters& letters) -> asio::awaitable<void> {
      StoredLetter letter;  // as it was before the first replay deleted it
      letter.letter.dead_letter_sequence = 1;
      letter.letter.stream = "EVENTS";
      letter.letter.subject = "events.task";
      letter.letter.size = 4;
      letter.body = "body";
      co_await letters.replay(std::move(letter));
    });
  }
  run([this]() -> asio::awaitable<void> { EXPECT_EQ((co_await stream("EVENTS")).messages, 1U); }());
}

TEST_F(DeadLettersTest, letter_whose_event_is_not_taken_stays) {
  run([this]() -> asio::awaitable<void> {
    co_await make_stream();
    co_await store("one", 1);
  }());
  EXPECT_THROW(with_letters([](DeadLetters& letters) -> asio::awaitable<void> {
                 auto letter = co_await letters.read(1);
                 if (letter) co_await letters.replay(*std::move(letter));
               }),
               Error)
      << "no stream listens on its subject";
  EXPECT_EQ(list().size(), 1U);
}

TEST_F(DeadLettersTest, incomplete_letter_stands_for_the_event_in_its_stream) {
  const std::string event(50'000, 'x');
  run([&]() -> asio::awaitable<void> {
    co_await make_event_stream();
    co_await make_stream();
    // g++ 12 destroys an aggregate twice that is made within a co_await expression.
    const Headers kind{{"Kind", "odd"}};
    co_await publish_one("events.task", event, kind);
    DeadLetterOrigin origin;
    origin.service = "one";
    origin.stream = "EVENTS";
    origin.subject = "events.task";
    origin.sequence = 1;
    Rejection why{"odd", "It is odd"};
    DeadLetterParts parts = dead_letter(origin, why, kind, event, 2'000);
    EXPECT_LT(parts.body.size(), 2'000U);
    co_await publish_one(dead_letter_subject("one"), parts.body, parts.headers);
  }());
  EXPECT_TRUE(list().front().incomplete);
  with_letters([&](DeadLetters& letters) -> asio::awaitable<void> {
    auto letter = co_await letters.read(1);
    EXPECT_TRUE(letter);
    if (!letter) co_return;
    EXPECT_FALSE(letter->letter.incomplete);
    EXPECT_EQ(letter->body, event);
    const Headers wanted{{"Kind", "odd"}};
    EXPECT_EQ(letter->original, wanted);
  });
  run([this]() -> asio::awaitable<void> {
    EXPECT_TRUE((co_await api("STREAM.PURGE.EVENTS")).ok());
  }());
  EXPECT_THROW(with_letters([](DeadLetters& letters) -> asio::awaitable<void> {
                 auto letter = co_await letters.read(1);
                 if (letter) co_await letters.replay(*std::move(letter));
               }),
               Error)
      << "a part of an event is not published";
  EXPECT_EQ(list().size(), 1U);
}

TEST_F(DeadLettersTest, server_that_cannot_be_reached_is_given_up) {
  NatsConfig nobody;
  nobody.urls = {"nats://127.0.0.1:1"};
  const DeadLetters::Work nothing = [](DeadLetters&) -> asio::awaitable<void> { co_return; };
  EXPECT_THROW(DeadLetters::run(nobody, log_, nothing, 300ms), TransientError);
}

}  // namespace
}  // namespace hangar::test
