#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/jetstream.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar::test {
namespace {

/// Provokes what can be provoked of a server without limits of its own.
class RefusalsTest : public NatsTest {
 protected:
  asio::awaitable<JetStreamAnswer> make(std::string name, std::string on, json::object more = {}) {
    more["name"] = name;
    more["subjects"] = json::array{json::string{on}};
    co_return co_await api("STREAM.CREATE." + name, std::move(more));
  }
  asio::awaitable<JetStreamAnswer> consume(std::string from, std::string name,
                                           json::object config = {}) {
    config["durable_name"] = name;
    if (!config.contains("ack_policy")) config["ack_policy"] = "explicit";
    json::object request{{"stream_name", from}, {"config", std::move(config)}};
    co_return co_await api("CONSUMER.DURABLE.CREATE." + from + "." + name, std::move(request));
  }
  asio::awaitable<JetStreamAnswer> put(std::string on, std::string body, Headers headers = {}) {
    const auto link = co_await connect();
    const Link::Reply reply =
        co_await link->request(std::move(on), std::move(body), std::move(headers));
    co_return parse_jetstream_answer(body_of(*reply.message));
  }
  static void expect_a_row(const JetStreamAnswer& answer) {
    const std::string own =
        answer.description + " (JetStream error " + std::to_string(answer.error_code) + ")";
    EXPECT_FALSE(answer.ok());
    EXPECT_GT(refusal_text(answer, "S").size(), own.size()) << "no row for: " << own;
  }
  static void expect_made(const JetStreamAnswer& answer) {
    EXPECT_TRUE(answer.ok()) << answer.description;
  }
};

TEST_F(RefusalsTest, of_streams_have_a_row) {
  run([this]() -> asio::awaitable<void> {
    expect_made(co_await make("S", "s.>"));
    expect_a_row(co_await make("S", "other.>"));
    expect_a_row(co_await make("T", "s.a"));
    expect_a_row(co_await make("T", "t..t"));
    expect_a_row(co_await make("T", "$JS.API.>"));
    json::object three{{"num_replicas", 3}};
    expect_a_row(co_await make("T", "t", std::move(three)));
    json::object windows{{"max_age", 1'000'000'000}, {"duplicate_window", 2'000'000'000}};
    expect_a_row(co_await make("T", "t", std::move(windows)));
  }());
}

TEST_F(RefusalsTest, of_consumers_have_a_row) {
  run([this]() -> asio::awaitable<void> {
    json::object one{{"max_consumers", 1}};
    expect_made(co_await make("S", "s.>", std::move(one)));
    expect_made(co_await consume("S", "one"));
    expect_a_row(co_await consume("S", "two"));
    json::object none{{"ack_policy", "none"}};
    expect_a_row(co_await consume("S", "one", std::move(none)));
    expect_made(co_await make("F", "f.>"));
    json::object blank{{"filter_subject", "foo bar"}};
    expect_a_row(co_await consume("F", "two", std::move(blank)));
    json::object queue{{"retention", "workqueue"}};
    expect_made(co_await make("Q", "q.>", std::move(queue)));
    json::object filter{{"filter_subject", "q.a"}};
    expect_made(co_await consume("Q", "one", filter));
    expect_a_row(co_await consume("Q", "two", filter));
    expect_a_row(co_await consume("Q", "two"));
    json::object start{
        {"deliver_policy", "by_start_sequence"}, {"opt_start_seq", 1}, {"filter_subject", "q.b"}};
    expect_a_row(co_await consume("Q", "three", std::move(start)));
  }());
}

TEST_F(RefusalsTest, of_messages_have_a_row) {
  run([this]() -> asio::awaitable<void> {
    json::object one{{"max_msgs", 1}, {"discard", "new"}};
    expect_made(co_await make("M", "m", std::move(one)));
    expect_made(co_await put("m", "1"));
    expect_a_row(co_await put("m", "2"));
    json::object bytes{{"max_bytes", 100}, {"discard", "new"}};
    expect_made(co_await make("B", "b", std::move(bytes)));
    expect_a_row(co_await put("b", std::string(200, 'x')));
    json::object small{{"max_msg_size", 10}};
    expect_made(co_await make("Z", "z", std::move(small)));
    expect_a_row(co_await put("z", std::string(20, 'x')));
    Headers elsewhere{{"Nats-Expected-Stream", "OTHER"}};
    expect_a_row(co_await put("z", "x", std::move(elsewhere)));
    json::object closed = (co_await api("STREAM.INFO.Z")).body.at("config").as_object();
    closed["sealed"] = true;
    expect_made(co_await api("STREAM.UPDATE.Z", std::move(closed)));
    expect_a_row(co_await put("z", "x"));
  }());
}

TEST_F(RefusalsTest, permanent_one_ends_the_start_and_names_the_other_stream) {
  run([this]() -> asio::awaitable<void> {
    expect_made(co_await make("OTHER", "prefect.>"));
    const auto tested = source();
    std::string said;
    try {
      co_await tested->open();
    } catch (const ConfigError& error) {
      said = error.what();
    }
    EXPECT_NE(said.find("stream OTHER takes these subjects already"), std::string::npos) << said;
    co_await tested->close();
  }());
}

}  // namespace
}  // namespace hangar::test
