#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's

#include <boost/json/array.hpp>

#include "hangar/error.hpp"
#include "jetstream/publisher.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

class PublisherTest : public NatsTest {
 protected:
  PublishOutcome publish_all(std::vector<PublishLine> lines,
                             const std::function<void(std::uint64_t)>& progress = {}) {
    std::size_t at = 0;
    PublisherOptions options;
    options.nats = config();
    return publish_lines(
        options, log_,
        [&]() -> std::optional<PublishLine> {
          if (at == lines.size()) return std::nullopt;
          return std::move(lines[at++]);
        },
        progress ? progress : [](std::uint64_t) {});
  }

  static PublishLine line(std::uint64_t number, std::string body = "body") {
    const std::string text = std::to_string(number);
    return {.subject = "prefect.events.task-run",
            .id = "id-" + text,
            .body = std::move(body),
            .origin = "file.jsonl:" + text};
  }

  StreamInfo stored(const std::string& name) {
    StreamInfo info;
    run([&]() -> asio::awaitable<void> { info = co_await stream(name); }());
    return info;
  }
};

TEST_F(PublisherTest, every_line_is_stored_in_order_in_a_stream_that_is_made_for_it) {
  std::vector<PublishLine> lines;
  for (std::uint64_t i = 1; i <= 10'000; ++i) lines.push_back(line(i));
  std::uint64_t last = 0;
  const auto outcome = publish_all(std::move(lines), [&](std::uint64_t done) {
    EXPECT_GE(done, last);
    last = done;
  });
  EXPECT_EQ(outcome.stored, 10'000U);
  EXPECT_EQ(outcome.duplicates, 0U);
  EXPECT_EQ(last, 10'000U);
  const StreamInfo info = stored("PREFECT_EVENTS");
  EXPECT_EQ(info.messages, 10'000U);
  EXPECT_EQ(info.subjects, std::vector<std::string>{"prefect.events.>"});
  EXPECT_EQ(info.discard, "new");
  EXPECT_EQ(info.max_age, 168h);
  EXPECT_EQ(info.duplicate_window, 5min);
}

TEST_F(PublisherTest, line_with_the_id_of_an_earlier_one_is_a_duplicate) {
  const auto outcome = publish_all({line(1), line(2), line(1)});
  EXPECT_EQ(outcome.stored, 2U);
  EXPECT_EQ(outcome.duplicates, 1U);
  EXPECT_EQ(stored("PREFECT_EVENTS").messages, 2U);
}

TEST_F(PublisherTest, what_is_known_of_the_server_is_said_instead_of_a_guess) {
  PublisherOptions options;
  options.nats = config();
  options.nats.urls = {"nats://127.0.0.1:1"};
  options.patience = 300ms;
  options.trouble = [] { return "its disk is full"; };
  try {
    publish_lines(
        options, log_, [] { return line(1); }, [](std::uint64_t) {});
    FAIL() << "stored";
  } catch (const TransientError& error) {
    EXPECT_NE(std::string{error.what()}.find("; its disk is full"), std::string::npos)
        << error.what();
  }
}

TEST_F(PublisherTest, line_that_is_too_large_is_named) {
  try {
    publish_all({line(1), line(2, std::string(5'000'000, 'x') + std::string(4'000'000, 'x'))});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(std::string{error.what()}.find("file.jsonl:2: 9000000 bytes"), 0U) << error.what();
  }
}

TEST_F(PublisherTest, subject_that_no_stream_listens_on_is_named) {
  PublishLine lost = line(1);
  lost.subject = "nobody.listens";
  try {
    publish_all({lost});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string{error.what()}.find("no stream listens on `nobody.listens`"),
              std::string::npos);
  }
}

TEST_F(PublisherTest, stream_that_would_keep_nothing_is_refused_until_somebody_reads_it) {
  const auto refusal = [&](const std::string& where) -> std::string {
    PublishLine some = line(1);
    some.subject = where;
    try {
      publish_all({some});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::pair<std::string, std::string> streams[] = {{"INT", "int.x"},
                                                         {"PREFECT_EVENTS", "prefect.events.x"}};
  for (const auto& each : streams) {
    const std::string& name = each.first;
    const std::string& taken = each.second;
    run([&]() -> asio::awaitable<void> {
      json::object config{{"name", name},
                          {"subjects", json::array{json::string{taken}}},
                          {"retention", "interest"}};
      const std::string create = "STREAM.CREATE." + name;
      static_cast<void>(co_await api(create, std::move(config)));
    }());
    EXPECT_NE(refusal(taken).find("stream " + name + " has retention `interest`"),
              std::string::npos);
    EXPECT_EQ(stored(name).last_sequence, 0U);
    run([&]() -> asio::awaitable<void> {
      json::object request{
          {"stream_name", name},
          {"config", json::object{{"durable_name", "reader"}, {"ack_policy", "explicit"}}}};
      const std::string create = "CONSUMER.DURABLE.CREATE." + name + ".reader";
      static_cast<void>(co_await api(create, std::move(request)));
    }());
    EXPECT_EQ(refusal(taken), "");
    EXPECT_EQ(stored(name).messages, 1U);
  }
}

TEST_F(PublisherTest, nothing_is_lost_or_doubled_when_the_server_is_killed_meanwhile) {
  constexpr std::uint64_t count = 30'000;
  std::uint64_t at = 0;
  bool killed = false;
  PublisherOptions options;
  options.nats = config();
  options.patience = 30s;
  const auto outcome = publish_lines(
      options, log_,
      [&]() -> std::optional<PublishLine> {
        if (at == count) return std::nullopt;
        return line(++at);
      },
      [&](std::uint64_t done) {
        if (done > count / 3 && !std::exchange(killed, true)) kill(server_.pid(), SIGKILL);
      });
  EXPECT_TRUE(killed);
  EXPECT_EQ(outcome.stored + outcome.duplicates, count);
  EXPECT_EQ(stored("PREFECT_EVENTS").messages, count);
}

TEST_F(PublisherTest, server_that_cannot_be_reached_is_given_up) {
  PublisherOptions options;
  options.nats.urls = {"nats://127.0.0.1:1"};
  options.patience = 300ms;
  EXPECT_THROW(publish_lines(
                   options, log_, []() -> std::optional<PublishLine> { return line(1); },
                   [](std::uint64_t) {}),
               TransientError);
}

}  // namespace
}  // namespace hangar::test
