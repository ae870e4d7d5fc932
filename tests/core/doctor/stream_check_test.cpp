#include "doctor/stream_check.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "doctor/setup_check.hpp"
#include "hangar/error.hpp"
#include "text/utc.hpp"

namespace hangar {
namespace {

using namespace std::chrono_literals;
using enum Check::Verdict;

std::vector<Check::Verdict> verdicts(const std::vector<Check>& checks) {
  std::vector<Check::Verdict> found;
  for (const Check& check : checks) {
    found.push_back(check.verdict);
    EXPECT_EQ(check.hint.empty(), check.verdict == ok) << check.what << ": " << check.found;
  }
  return found;
}

using Verdicts = std::vector<Check::Verdict>;

TEST(StreamCheck, max_payload_must_hold_an_event_of_prefects) {
  for (const auto& [most, verdict] :
       std::vector<std::pair<std::uint64_t, Check::Verdict>>{{1U << 20U, fail},
                                                             {1'499'999, fail},
                                                             {1'500'000, warn},
                                                             {7'999'999, warn},
                                                             {8'000'000, ok},
                                                             {8U << 20U, ok}}) {
    const Greeting greeting{
        .version = "2.9.10", .cluster = {}, .max_payload = most, .jetstream = true};
    EXPECT_EQ(verdicts(check_greeting("nats://a:1", greeting)), (Verdicts{ok, verdict})) << most;
  }
}

TEST(StreamCheck, a_server_without_jetstream_fails) {
  const Greeting greeting{
      .version = "2.9.10", .cluster = {}, .max_payload = 8U << 20U, .jetstream = false};
  EXPECT_EQ(verdicts(check_greeting("nats://a:1", greeting)), (Verdicts{ok, fail, ok}));
}

TEST(StreamCheck, a_server_without_jetstream_is_good_for_streams_elsewhere) {
  const Greeting greeting{
      .version = "2.9.10", .cluster = {}, .max_payload = 8U << 20U, .jetstream = false};
  EXPECT_EQ(verdicts(check_greeting("nats://a:1", greeting, true)), (Verdicts{ok, ok}));
}

TEST(StreamCheck, an_absent_stream_is_said_with_the_domain_that_was_asked) {
  const Check check = check_absent_stream("EVENTS", "leaf");
  EXPECT_NE(check.found.find("domain leaf"), std::string::npos);
  EXPECT_NE(check.hint.find("nats.domain"), std::string::npos);
  EXPECT_EQ(check_absent_stream("EVENTS", "").found, "there is none");
}

TEST(StreamCheck, a_greeting_is_read_and_anything_else_is_not) {
  const Greeting greeting = parse_greeting(
      "INFO {\"version\":\"2.9.10\",\"max_payload\":8388608,\"jetstream\":true,"
      "\"cluster\":\"three\",\"domain\":\"hub\"}\r\n");
  EXPECT_EQ(greeting.domain, "hub");
  EXPECT_EQ(greeting.version, "2.9.10");
  EXPECT_EQ(greeting.max_payload, 8'388'608U);
  EXPECT_EQ(greeting.cluster, "three");
  EXPECT_TRUE(greeting.jetstream);
  EXPECT_FALSE(parse_greeting("INFO {}\r\n").jetstream);
  for (const char* line : {"", "INFO", "INFO []", "INFO {", "HTTP/1.1 400 Bad Request\r\n"}) {
    EXPECT_THROW(parse_greeting(line), Error) << line;
  }
}

StreamInfo good_stream() {
  StreamInfo stream;
  stream.name = "PREFECT_EVENTS";
  stream.discard = "new";
  stream.max_age = 168h;
  stream.duplicate_window = 5min;
  stream.replicas = 3;
  return stream;
}

TEST(StreamCheck, a_stream_is_judged_by_its_settings_and_in_a_cluster_by_its_replicas) {
  EXPECT_EQ(verdicts(check_stream(good_stream(), 168h, true)), Verdicts{ok});
  StreamInfo stream = good_stream();
  stream.replicas = 1;
  EXPECT_EQ(verdicts(check_stream(stream, 168h, false)), Verdicts{ok});
  EXPECT_EQ(verdicts(check_stream(stream, 168h, true)), (Verdicts{ok, warn}));
  stream.duplicate_window = 1s;
  stream.discard = "old";
  EXPECT_EQ(verdicts(check_stream(stream, 168h, false)), (Verdicts{warn, warn}));
}

TEST(StreamCheck, a_stream_that_refuses_events_fails_and_one_that_soon_does_is_warned_of) {
  struct Case {
    std::uint64_t messages;
    std::uint64_t bytes;
    std::int64_t max_messages;
    std::int64_t max_bytes;
    Verdicts verdicts;
  };
  const std::vector<Case> cases{
      {0, 0, -1, 1'000, {ok}},
      {7, 700, -1, 1'000, {ok}},
      {8, 800, -1, 1'000, {ok, warn}},
      {9, 950, -1, 1'000, {ok, fail}},  // another one of that size has no room
      {1, 950, -1, 1'000, {ok, fail}},
      {7, 700, 10, -1, {warn}},  // that there is such a limit
      {8, 800, 10, -1, {warn, warn}},
      {10, 700, 10, -1, {warn, fail}},
  };
  for (const Case& each : cases) {
    StreamInfo stream = good_stream();
    stream.messages = each.messages;
    stream.bytes = each.bytes;
    stream.max_messages = each.max_messages;
    stream.max_bytes = each.max_bytes;
    EXPECT_EQ(verdicts(check_stream(stream, 168h, true)), each.verdicts)
        << each.messages << ' ' << each.max_bytes << ' ' << each.max_messages;
    stream.discard = "old";  // refuses nothing, and is warned of
    const Verdicts dropping = verdicts(check_stream(stream, 168h, true));
    EXPECT_EQ(std::ranges::count(dropping, fail), 0);
    const Verdicts as_declared = verdicts(check_stream(stream, 168h, true, true));
    EXPECT_EQ(std::ranges::count(as_declared, warn), std::ranges::count(dropping, warn) - 1);
  }
}

TEST(StreamCheck, an_account_must_have_room_for_what_is_to_be_made) {
  const auto account = [](const char* answer, std::int64_t replicas = 1) {
    return to_account_info(boost::json::parse(answer).as_object(), replicas);
  };
  const AccountInfo none = account(R"({"streams":7,"limits":{"max_streams":-1,"max_storage":-1}})");
  EXPECT_EQ(verdicts(check_account(none, 2)), Verdicts{});
  EXPECT_EQ(verdicts(check_account(account("{}"), 2)), Verdicts{});
  const AccountInfo two = account(R"({"streams":1,"limits":{"max_streams":2}})");
  EXPECT_EQ(verdicts(check_account(two, 0)), Verdicts{});
  EXPECT_EQ(verdicts(check_account(two, 1)), Verdicts{});
  EXPECT_EQ(verdicts(check_account(two, 2)), Verdicts{fail});
  constexpr const char* tiers = R"({"streams":9,"limits":{"max_streams":0},"tiers":{
    "R1":{"streams":1,"limits":{"max_streams":2}},
    "R3":{"storage":99,"limits":{"max_streams":-1,"max_storage":100}}}})";
  EXPECT_EQ(verdicts(check_account(account(tiers, 1), 1)), Verdicts{});
  EXPECT_EQ(verdicts(check_account(account(tiers, 1), 2)), Verdicts{fail});
  EXPECT_EQ(verdicts(check_account(account(tiers, 3), 2)), Verdicts{fail});
  EXPECT_EQ(verdicts(check_account(account(tiers, 5), 2)), Verdicts{}) << "10120 says it";
  const auto filled = [&](const char* storage) {
    return verdicts(check_account(
        account(fmt::format(R"({{"storage":{},"limits":{{"max_storage":100000000}}}})", storage)
                    .c_str()),
        0));
  };
  EXPECT_EQ(filled("79000000"), Verdicts{});
  EXPECT_EQ(filled("81000000"), Verdicts{warn});
  EXPECT_EQ(filled("99000000"), Verdicts{fail});
}

TEST(StreamCheck, a_consumer_that_could_lose_events_fails) {
  ConsumerInfo consumer;
  consumer.durable = "d";
  consumer.ack_policy = "explicit";
  consumer.filter_subjects = {"prefect.events.task-run"};
  consumer.ack_wait = 30s;
  consumer.max_ack_pending = 20'000;
  const auto check = [&] {
    return verdicts(check_consumer(good_stream(), consumer, "prefect.events.task-run", 4'000));
  };
  EXPECT_EQ(check(), Verdicts{ok});
  consumer.ack_wait = 1s;
  EXPECT_EQ(check(), Verdicts{warn});
  consumer.max_deliver = 5;
  EXPECT_EQ(check(), (Verdicts{fail, warn}));
}

TEST(StreamCheck, dead_letters_warn_and_a_stream_of_them_that_is_nearly_full_fails) {
  StreamInfo letters;
  letters.name = "HANGAR_DLQ";
  letters.subjects = {"hangar.dlq.>"};
  letters.discard = "new";
  letters.max_bytes = 1 << 20;
  EXPECT_EQ(verdicts(check_dead_letters(letters, 500)), Verdicts{ok});
  letters.messages = 79;
  letters.max_messages = 100;
  EXPECT_EQ(verdicts(check_dead_letters(letters, 500)), Verdicts{warn});
  letters.messages = 80;
  EXPECT_EQ(verdicts(check_dead_letters(letters, 500)), (Verdicts{fail, warn}));
  letters.max_messages = -1;
  letters.bytes = 1'800;
  letters.max_bytes = 2'000;
  EXPECT_EQ(verdicts(check_dead_letters(letters, 500)), (Verdicts{fail, warn}));
}

TEST(StreamCheck, stream_that_drops_dead_letters_fails_and_is_not_called_nearly_full) {
  StreamInfo letters;
  letters.name = "HANGAR_DLQ";
  letters.subjects = {"hangar.dlq.>"};
  letters.max_bytes = 1 << 20;
  letters.max_messages = 1;
  letters.messages = 1;
  const std::vector<Check> checks = check_dead_letters(letters, 500);
  EXPECT_EQ(verdicts(checks), (Verdicts{fail, warn}));
  EXPECT_EQ(checks.front().hint, "nats stream edit HANGAR_DLQ --discard=new");
}

TEST(StreamCheck, a_clock_counts_only_where_it_was_not_seen_in_between) {
  const std::chrono::system_clock::time_point noon{1'000'000s};
  const auto verdict = [&](auto shown) {
    return check_clock("nats", noon, noon + shown, noon + 5s).verdict;
  };
  EXPECT_EQ(verdict(0s), ok);
  EXPECT_EQ(verdict(5s), ok);
  EXPECT_EQ(verdict(7s), ok);
  EXPECT_EQ(verdict(7001ms), warn);
  EXPECT_EQ(verdict(-2001ms), warn);
  EXPECT_NE(check_clock("nats", noon, noon - 10s, noon).found.find("10.0 s behind"),
            std::string::npos);
  EXPECT_NE(check_clock("nats", noon, noon + 10s, noon).found.find("10.0 s ahead"),
            std::string::npos);
}

TEST(StreamCheck, the_time_of_an_answer_has_its_fraction) {
  using std::chrono::system_clock;
  EXPECT_EQ(parse_utc("1970-01-01T00:00:01.5Z"), system_clock::time_point{1500ms});
  EXPECT_EQ(parse_utc("1970-01-01T00:00:02Z"), system_clock::time_point{2s});
  EXPECT_EQ(parse_utc(""), std::nullopt);
}

}  // namespace
}  // namespace hangar
