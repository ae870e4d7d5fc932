#include <boost/json/object.hpp>
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
