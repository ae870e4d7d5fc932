#include <string>

#include "hangar/error.hpp"
#include "jetstream/stream_publisher.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

class StreamPublisherTest : public NatsTest {
 protected:
  std::shared_ptr<StreamPublisher> publisher() {
    return StreamPublisher::start(io_.get_executor(), config(), "author", {{"COPIES", "copies.>"}},
                                  log_);
  }
};

TEST_F(StreamPublisherTest, message_is_stored_once_in_a_stream_that_is_made_for_it) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = publisher();
    co_await tested->open();
    const PubAck first = co_await tested->publish({"copies.one", "body", "id"});
    const PubAck again = co_await tested->publish({"copies.one", "body", "id"});
    EXPECT_EQ(first.stream, "COPIES");
    EXPECT_EQ(first.sequence, 1U);
    EXPECT_FALSE(first.duplicate);
    EXPECT_EQ(again.sequence, 1U);
    EXPECT_TRUE(again.duplicate);
    co_await tested->close();
  }());
}

TEST_F(StreamPublisherTest, more_than_there_is_room_for_are_stored_in_the_order_of_the_calls) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = publisher();
    co_await tested->open();
    constexpr std::size_t count = 3 * StreamPublisher::most_messages;
    for (std::size_t i = 1; i <= count; ++i) {
      co_await tested->enqueue({"copies." + std::to_string(i), std::to_string(i)});
    }
    co_await tested->flush();
    EXPECT_EQ((co_await stream("COPIES")).messages, count);
    const auto last = co_await tested->publish({"copies.last", "last"});
    EXPECT_EQ(last.sequence, count + 1);
    co_await tested->close();
  }());
}

TEST_F(StreamPublisherTest, what_was_sent_before_the_server_is_killed_is_sent_again) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = publisher();
    co_await tested->open();
    co_await tested->publish({"copies.first", "body", "first"});
    ::kill(server_.pid(), SIGKILL);
    for (int i = 0; i < 50; ++i) {
      const std::string number = std::to_string(i);
      co_await tested->enqueue({"copies." + number, "body", number});
    }
    co_await tested->flush();
    EXPECT_EQ((co_await stream("COPIES")).messages, 51U);
    co_await tested->close();
  }());
}

TEST_F(StreamPublisherTest, message_that_is_too_large_is_refused_alone_and_says_so) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = publisher();
    co_await tested->open();
    const std::string large(9U << 20U, 'x');
    bool refused = false;
    try {
      co_await tested->publish({"copies.large", large});
    } catch (const DataError& error) {
      refused = error.reason() == "too_large";
    }
    EXPECT_TRUE(refused);
    co_await tested->enqueue({"copies.large", large});
    co_await tested->enqueue({"copies.small", "small"});
    refused = false;
    try {
      co_await tested->flush();
    } catch (const DataError&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    co_await tested->flush();
    EXPECT_EQ((co_await stream("COPIES")).messages, 1U);
    co_await tested->close();
  }());
}

TEST_F(StreamPublisherTest, each_message_is_told_of_when_it_is_stored_or_refused) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = publisher();
    co_await tested->open();
    std::size_t stored = 0;
    std::size_t refused = 0;
    std::size_t bytes = 0;
    const auto answered = [&](const std::exception_ptr& failed, const OutgoingMessage& message) {
      ++(failed ? refused : stored);
      bytes += message.body().size();
    };
    const std::string large(9U << 20U, 'x');
    for (int i = 0; i < 10; ++i) co_await tested->enqueue({"copies.small", "small"}, answered);
    co_await tested->enqueue({"copies.large", large}, answered);
    co_await tested->publish({"copies.last", "last"});
    EXPECT_EQ(stored, 10U);
    EXPECT_EQ(refused, 1U);
    EXPECT_EQ(bytes, 10 * std::string_view{"small"}.size() + large.size());
    co_await tested->flush();  // Their failures are none of its.
    co_await tested->close();
  }());
}

TEST_F(StreamPublisherTest, stream_that_is_made_with_a_size_drops_its_oldest_messages) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = StreamPublisher::start(io_.get_executor(), config(), "author",
                                               {{"LATEST", "latest.>", 20'000}}, log_);
    co_await tested->open();
    for (int i = 0; i < 40; ++i) {
      co_await tested->enqueue({"latest.one", std::string(1000, 'x')});
    }
    const PubAck last = co_await tested->publish({"latest.last", "last"});
    EXPECT_EQ(last.sequence, 41U);
    const StreamInfo info = co_await stream("LATEST");
    EXPECT_LE(info.bytes, 20'000U);
    EXPECT_GT(info.messages, 10U);
    co_await tested->close();
  }());
}

TEST_F(StreamPublisherTest, state_says_what_cannot_be_published_until_it_is) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = publisher();
    co_await tested->open();
    const auto state = tested->state();
    EXPECT_EQ(state->connected.value(), 1U);
    EXPECT_EQ(state->obstacle.value(), "");
    co_await api("STREAM.DELETE.COPIES");
    co_await tested->enqueue({"copies.one", "body"});
    co_await until([&]() -> asio::awaitable<bool> {
      co_return state->obstacle.value() ==
          "cannot publish to `copies.one`: no stream listens on `copies.one`";
    });
    boost::json::object again{{"name", "COPIES"}, {"subjects", boost::json::array{"copies.>"}}};
    co_await api("STREAM.CREATE.COPIES", std::move(again));
    co_await tested->flush();
    EXPECT_EQ(state->obstacle.value(), "");
    co_await tested->close();
    EXPECT_EQ(state->connected.value(), 0U);
  }());
}

TEST_F(StreamPublisherTest, subject_that_was_not_declared_is_the_authors_fault) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = publisher();
    co_await tested->open();
    bool refused = false;
    try {
      co_await tested->publish({"elsewhere.one", "body"});
    } catch (const std::logic_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    co_await tested->close();
  }());
}

TEST_F(StreamPublisherTest, after_stop_what_has_no_answer_is_given_up_and_says_so) {
  run([this]() -> asio::awaitable<void> {
    const auto tested = publisher();
    co_await tested->open();
    tested->stop();
    EXPECT_TRUE((co_await api("STREAM.DELETE.COPIES")).ok());
    bool given_up = false;
    try {
      co_await tested->publish({"copies.one", "body"});
    } catch (const TransientError&) {
      given_up = true;
    }
    EXPECT_TRUE(given_up);
    co_await tested->close();
    co_await tested->close();
  }());
}

}  // namespace
}  // namespace hangar::test
