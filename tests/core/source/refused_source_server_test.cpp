#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar::test {
namespace {

/// What somebody else created, and what is said of it.
struct Unsafe {
  const char* field;
  json::object stream;
  json::object consumer;
  bool refused;
};

std::vector<Unsafe> unsafe_configurations() {
  return {
      {"storage", {{"storage", "memory"}}, {}, false},
      {"discard", {{"discard", "old"}}, {}, false},
      {"max_age", {{"max_age", 3'600'000'000'000}}, {}, false},
      {"max_msgs_per_subject", {{"max_msgs_per_subject", 1}}, {}, false},
      {"max_deliver", {}, {{"max_deliver", 3}}, true},
      {"ack_policy", {}, {{"ack_policy", "all"}}, true},
      {"headers_only", {}, {{"headers_only", true}}, true},
      // The server takes it with a max_deliver alone.
      {"backoff", {}, {{"backoff", json::array{1'000'000'000}}, {"max_deliver", 3}}, true},
      {"inactive_threshold", {}, {{"inactive_threshold", 3'600'000'000'000}}, false},
      {"deliver_policy", {}, {{"deliver_policy", "new"}}, false},
      {"filter_subject", {}, {{"filter_subject", "unsafe.other"}}, true},
      {"replay_policy", {}, {{"replay_policy", "original"}}, false},
  };
}

class RefusedSourceTest : public NatsTest {
 protected:
  asio::awaitable<void> create(std::string call, json::object config, json::object changes) {
    for (auto& [key, value] : changes) config[key] = value;
    const bool is_consumer = call.starts_with("CONSUMER");
    json::object request{{"stream_name", "UNSAFE"}, {"config", config}};
    const JetStreamAnswer made = co_await api(std::move(call), is_consumer ? request : config);
    EXPECT_TRUE(made.ok()) << made.description;
  }
  /// What Hangar says of a stream and a consumer that are as they should be but for one thing.
  asio::awaitable<std::string> said_of(Unsafe one) {
    json::object good_stream{{"name", "UNSAFE"},
                             {"subjects", json::array{"unsafe.>"}},
                             {"storage", "file"},
                             {"discard", "new"},
                             {"duplicate_window", 300'000'000'000}};
    json::object good_consumer{{"durable_name", "worker"},
                               {"filter_subject", "unsafe.event"},
                               {"ack_policy", "explicit"},
                               {"ack_wait", 30'000'000'000},
                               {"max_ack_pending", 20'000}};
    co_await create("STREAM.CREATE.UNSAFE", std::move(good_stream), std::move(one.stream));
    co_await create("CONSUMER.DURABLE.CREATE.UNSAFE.worker", std::move(good_consumer),
                    std::move(one.consumer));
    PullOptions unsafe = options();
    unsafe.source.stream = "UNSAFE";
    unsafe.source.filter_subject = "unsafe.event";
    const auto before = log_.text().size();
    const auto tested = source(unsafe);
    std::string refusal;
    try {
      co_await tested->open();
    } catch (const ConfigError& error) {
      refusal = error.what();
    }
    co_await tested->close();
    EXPECT_TRUE((co_await api("STREAM.DELETE.UNSAFE")).ok());
    EXPECT_EQ(!refusal.empty(), one.refused) << one.field << ": " << refusal;
    co_return refusal + log_.text().substr(before);
  }
};

TEST_F(RefusedSourceTest, each_of_twelve_unsafe_configurations_is_told_with_its_field_and_the_fix) {
  run([this]() -> asio::awaitable<void> {
    std::vector<Unsafe> all = unsafe_configurations();
    EXPECT_EQ(all.size(), 12U);
    for (Unsafe& one : all) {
      const std::string field = one.field;
      const std::string said = co_await said_of(std::move(one));
      const auto found = said.find(field + ": ");
      EXPECT_NE(found, std::string::npos) << field << ": " << said;
      const auto fix = said.find("; to change it: nats ", found);
      EXPECT_NE(fix, std::string::npos) << said;
      EXPECT_NE(said.find("UNSAFE", fix), std::string::npos) << said;
    }
  }());
}

TEST_F(RefusedSourceTest, safe_configuration_is_not_complained_about) {
  run([this]() -> asio::awaitable<void> {
    Unsafe nothing{"", {}, {}, false};
    const std::string said = co_await said_of(std::move(nothing));
    EXPECT_EQ(said.find("to change it"), std::string::npos) << said;
  }());
}

}  // namespace
}  // namespace hangar::test
