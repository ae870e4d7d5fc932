#include "jetstream/jetstream_refusal.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "jetstream/jetstream.hpp"

namespace hangar {
namespace {

using namespace std::chrono_literals;

JetStreamAnswer answer_of(std::int64_t code, std::int64_t error_code, std::string description) {
  JetStreamAnswer answer;
  answer.code = code;
  answer.error_code = error_code;
  answer.description = std::move(description);
  return answer;
}

/// What nats-server 2.9, 2.14 and 2.15 say, and what is to be said of it.
struct Refused {
  std::int64_t code;
  std::int64_t error_code;
  const char* description;
  bool for_good;
  const char* mends;
};

constexpr Refused refused[] = {
    {400, 10002, "resource limits exceeded for account", false, "max_file"},
    {400, 10005, "no suitable peers for placement", false, "nats.replicas"},
    {503, 10008, "JetStream system temporarily unavailable", false, "cut off"},
    {500, 10012, "ack policy can not be updated", true, "another durable"},
    {503, 10023, "insufficient resources", false, "max_file_store"},
    {400, 10026, "maximum consumers limit reached", true, "nats stream edit S --max-consumers=-1"},
    {400, 10027, "maximum number of streams reached", true, "max_streams"},
    {503, 10039, "JetStream not enabled for account", false, "jetstream: enabled"},
    {500, 10047, "insufficient storage resources available", false, "max_file_store"},
    {500, 10052, "duplicates window can not be larger then server limit of 1m0s", true,
     "duplicate_window"},
    {500, 10052, "invalid subject", true, "filter_subject"},
    {500, 10052, "subjects overlap with jetstream api", true, "belongs to the server"},
    {500, 10052, "capturing all subjects requires no-ack to be true", true, "narrower"},
    {400, 10054, "message size exceeds maximum allowed", true,
     "nats stream edit S --max-msg-size=-1"},
    {400, 10058, "stream name already in use with a different configuration", true,
     "nats stream info S"},
    {400, 10060, "expected stream does not match", true, "nats stream ls"},
    {400, 10065, "subjects overlap with an existing stream", true, "nats stream ls"},
    {500, 10074, "replicas > 1 not supported in non-clustered mode", true, "nats.replicas: 1"},
    {503, 10076, "JetStream not enabled", false, "jetstream {}"},
    {503, 10077, "maximum messages exceeded", false, "nats stream edit S --max-msgs=-1"},
    {503, 10077, "maximum bytes exceeded", false, "nats stream edit S --max-bytes="},
    {503, 10077, "maximum messages per subject exceeded", false, "--max-msgs-per-subject=-1"},
    {400, 10093, "consumer filter subject is not a valid subset of the interest subjects", true,
     "nats stream info S"},
    {400, 10099, "multiple non-filtered consumers not allowed on workqueue stream", true,
     "nats consumer ls S"},
    {400, 10100, "filtered consumer not unique on workqueue stream", true, "nats consumer ls S"},
    {400, 10101, "consumer must be deliver all on workqueue stream", true, "deletes what is acked"},
    {400, 10109, "invalid operation on sealed stream", true, "sealed"},
    {400, 10113, "account requires a stream config to have max bytes set", true, "--max-bytes="},
    {400, 10120, "no JetStream default or applicable tiered limit present", true, "nats.replicas"},
    {400, 10121, "consumer max ack pending exceeds system limit of 1000", true, "max_ack_pending"},
    {400, 10122, "stream max bytes exceeds account limit max stream bytes", true,
     "storage_max_stream_bytes"},
    {409, 10158, "duplicate message id is in process", false, "on its way"},
};

TEST(JetStreamRefusal, each_says_the_servers_words_and_what_mends_it) {
  for (const Refused& one : refused) {
    const auto answer = answer_of(one.code, one.error_code, one.description);
    const std::string text = refusal_text(answer, "S");
    EXPECT_TRUE(text.starts_with(one.description)) << text;
    EXPECT_NE(text.find(std::to_string(one.error_code)), std::string::npos) << text;
    EXPECT_NE(text.find(one.mends), std::string::npos) << text;
    EXPECT_EQ(text.find("STREAM"), std::string::npos) << text;
    EXPECT_EQ(refused_for_good(answer), one.for_good) << text;
  }
}

TEST(JetStreamRefusal, of_the_embedded_server_no_setting_is_named_that_nobody_can_change) {
  for (const Refused& one : refused) {
    auto answer = answer_of(one.code, one.error_code, one.description);
    answer.embedded = true;
    const std::string text = refusal_text(answer, "S");
    for (const char* setting : {"max_file_store", "nats server report", "jetstream {}"})
      EXPECT_EQ(text.find(setting), std::string::npos) << text;
  }
  for (const std::int64_t of_room : {10023, 10047, 10076}) {
    auto answer = answer_of(503, of_room, "no room");
    answer.embedded = true;
    EXPECT_NE(refusal_text(answer, "S").find("data_dir"), std::string::npos) << of_room;
  }
}

TEST(JetStreamRefusal, unknown_one_is_the_servers_own_text) {
  const auto strange = answer_of(500, 19999, "something new");
  EXPECT_EQ(refusal_text(strange, "S"), "something new (JetStream error 19999)");
  EXPECT_FALSE(refused_for_good(strange));
  EXPECT_TRUE(refused_for_good(answer_of(400, 19999, "something new")));
  EXPECT_TRUE(refused_for_good(answer_of(500, 10052, "something new"))) << "a bad configuration";
}

TEST(JetStreamRefusal, limit_that_the_server_names_is_read) {
  EXPECT_EQ(limit_in("consumer max ack pending exceeds system limit of 1000"), 1000);
  for (const char* none :
       {"", "no limit", "limit of ", "limit of many", "limit of 5 s", "limit of -1"})
    EXPECT_EQ(limit_in(none), std::nullopt) << none;
  EXPECT_EQ(time_limit_in("larger then server limit of 1m0s"), 60s);
  EXPECT_EQ(time_limit_in("limit of 1h30m0s"), 90min);
  EXPECT_EQ(time_limit_in("limit of 100ms"), 100ms);
  EXPECT_EQ(time_limit_in("limit of 1.5s"), 1500ms);
  for (const char* none : {"", "larger then max age", "limit of ", "limit of 5", "limit of 0s"})
    EXPECT_EQ(time_limit_in(none), std::nullopt) << none;
}

}  // namespace
}  // namespace hangar
