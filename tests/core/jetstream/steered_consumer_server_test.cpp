#include <boost/json/object.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "jetstream/steered_consumer.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

class SteeredConsumerTest : public NatsTest {
 protected:
  std::shared_ptr<SteeredConsumer> steered(std::string which = durable) {
    return SteeredConsumer::start(io_.get_executor(), config(), "author",
                                  {stream_name, std::move(which)}, log_);
  }
  /// As a reader of the consumer would.
  asio::awaitable<void> until_event_is_pulled() {
    bool came = false;
    Link::Handlers handlers;
    handlers.pulled = [&came](std::vector<WireMessage>& messages) {
      for (const WireMessage& message : messages) came = came || body_of(*message) == "event";
    };
    const auto reader =
        Link::open(io_.get_executor(), {config(), "reader"}, log_, std::move(handlers));
    co_await reader->wait_connected(std::chrono::steady_clock::now() + std::chrono::seconds{20});
    std::vector<Outgoing> pull;
    pull.emplace_back(
        make_message(reader->api(std::string{"CONSUMER.MSG.NEXT."} + stream_name + "." + durable),
                     reader->pull_inbox(1), R"({"batch":1,"expires":30000000000})"));
    EXPECT_TRUE(reader->send(pull));
    co_await until([&came]() -> asio::awaitable<bool> { co_return came; });
    reader->finish();
    co_await reader->ended(std::chrono::steady_clock::now() + std::chrono::seconds{20});
  }
  /// Whether the server has several filters: 2.10 and newer tell their time.
  asio::awaitable<bool> is_new() {
    co_return (co_await api(std::string{"STREAM.INFO."} + stream_name)).body.contains("ts");
  }
};

TEST_F(SteeredConsumerTest, position_is_read_and_the_filter_changes_nothing_else) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    co_await publish(3);
    const auto tested = steered();
    const ConsumerPosition before = co_await tested->info();
    EXPECT_EQ(before.pending, 3U);
    EXPECT_EQ(before.ack_floor, 0U);
    const ConsumerInfo was = co_await consumer();

    co_await tested->filter(std::vector<std::string>(1, "prefect.tasks.other"));
    co_await publish_one("prefect.tasks.other", "event");
    co_await publish_one(subject, "passes while the filter is narrow");
    const ConsumerPosition narrow = co_await tested->info();
    EXPECT_EQ(narrow.filter_subjects, (std::vector<std::string>{"prefect.tasks.other"}));

    co_await tested->filter({});
    EXPECT_TRUE((co_await tested->info()).filter_subjects.empty());
    const ConsumerInfo now = co_await consumer();
    EXPECT_EQ(now.ack_wait, was.ack_wait);
    EXPECT_EQ(now.max_ack_pending, was.max_ack_pending);
    EXPECT_EQ(now.created, was.created) << "it was made anew";
    co_await tested->close();
  }());
}

TEST_F(SteeredConsumerTest, several_filters_are_set_or_refused_and_nothing_is_widened) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    const auto tested = steered();
    const std::vector<std::string> before = (co_await tested->info()).filter_subjects;
    std::vector<std::string> several{"prefect.tasks.one", "prefect.tasks.two"};
    std::string refusal;
    try {
      co_await tested->filter(several);
    } catch (const ConfigError& error) {
      refusal = error.what();
    }
    const ConsumerPosition now = co_await tested->info();
    if (co_await is_new()) {
      EXPECT_EQ(refusal, "");
      EXPECT_EQ(now.filter_subjects, several);
    } else {
      EXPECT_NE(refusal.find("need nats-server 2.10"), refusal.npos) << refusal;
      EXPECT_EQ(now.filter_subjects, before);
    }
    co_await tested->close();
  }());
}

TEST_F(SteeredConsumerTest, wildcard_in_the_place_of_a_literal_delivers_all_or_is_refused) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    const auto tested = steered();
    std::string refusal;
    try {
      co_await tested->filter(std::vector<std::string>(1, "prefect.tasks.>"));
    } catch (const ConfigError& error) {
      refusal = error.what();
    }
    if (co_await is_new()) {
      EXPECT_EQ(refusal, "");
    } else {
      EXPECT_NE(refusal.find("may take it literally"), refusal.npos) << refusal;
      const ConsumerPosition before = co_await tested->info();
      EXPECT_EQ(before.filter_subjects, (std::vector<std::string>{subject}));
      co_await tested->filter({});
    }
    co_await publish_one("prefect.tasks.other", "event");
    co_await until_event_is_pulled();
    co_await tested->close();
  }());
}

TEST_F(SteeredConsumerTest, state_says_whether_the_consumer_is_there) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    const auto absent = steered("nobody");
    const auto present = steered();
    const auto of = [](const SteeredConsumer& consumer) {
      return consumer.state()->obstacle.value();
    };
    co_await until([&]() -> asio::awaitable<bool> {
      co_return of(*absent) ==
              "there is no consumer nobody of stream PREFECT_TASKS: whoever reads "
              "it makes it" &&
          present->state()->connected.value() == 1;
    });
    EXPECT_EQ(of(*present), "");
    co_await absent->close();
    co_await present->close();
    EXPECT_EQ(present->state()->connected.value(), 0U);
  }());
}

TEST_F(SteeredConsumerTest, what_cannot_be_is_named) {
  run([this]() -> asio::awaitable<void> {
    co_await make_impatient_consumer();
    const auto absent = steered("nobody");
    std::string said;
    try {
      co_await absent->info();
    } catch (const TransientError& error) {
      said = error.what();
    }
    EXPECT_NE(said.find("there is no consumer nobody of stream PREFECT_TASKS"), said.npos) << said;
    const auto tested = steered();
    said.clear();
    try {
      co_await tested->filter(std::vector<std::string>(1, "two words"));
    } catch (const ConfigError& error) {
      said = error.what();
    }
    EXPECT_NE(said.find("`two words` is no subject"), said.npos) << said;
    co_await absent->close();
    co_await tested->close();
  }());
}

}  // namespace
}  // namespace hangar::test
