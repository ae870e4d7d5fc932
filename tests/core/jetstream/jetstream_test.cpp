#include "jetstream/jetstream.hpp"

#include <gtest/gtest.h>

#include "hangar/error.hpp"

namespace hangar {
namespace {

TEST(JetStreamAnswer, error_is_told_from_an_answer) {
  const auto answer = parse_jetstream_answer(R"({"type":"x","stream":"S","seq":3})");
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(answer.body.at("seq"), 3);
  const auto error = parse_jetstream_answer(
      R"({"error":{"code":404,"err_code":10059,"description":"stream not found"}})");
  EXPECT_FALSE(error.ok());
  EXPECT_TRUE(error.not_found());
  EXPECT_EQ(error.description, "stream not found");
  for (const char* garbage : {"", "[]", "+OK", "{\"error\":{}}"}) {
    EXPECT_FALSE(parse_jetstream_answer(garbage).ok()) << garbage;
    EXPECT_FALSE(parse_jetstream_answer(garbage).not_found()) << garbage;
  }
}

TEST(JetStreamAnswer, of_a_message_is_read_without_a_parser_where_it_has_the_usual_form) {
  for (const char* const usual : {R"({"stream":"S", "seq":12})", R"({"stream":"S","seq":12})"}) {
    const auto stored = plain_pub_ack(usual);
    ASSERT_TRUE(stored) << usual;
    EXPECT_EQ(stored->stream, "S");
    EXPECT_EQ(stored->sequence, 12U);
    EXPECT_FALSE(stored->duplicate);
  }
  const auto again = plain_pub_ack(R"({"stream":"S", "seq":12,"duplicate": true})");
  EXPECT_TRUE(again && again->duplicate);
  for (const char* const other :
       {"", "{}", R"({"error":{"code":503},"stream":"S","seq":0})", R"({"stream":"S"})",
        R"({"stream":"S", "seq":})", R"({"stream":"S", "seq":1)", R"({"stream":"S\"", "seq":1})",
        R"({"stream":"S", "domain":"D", "seq":1})", R"({"stream":"S", "seq":99999999999999999999})",
        R"({"stream":"S", "seq":1,"error":{}})"}) {
    EXPECT_FALSE(plain_pub_ack(other)) << other;
  }
}

TEST(JetStreamAnswer, of_a_message_confirms_it_only_with_a_stream_and_a_position) {
  const auto stored =
      pub_ack(parse_jetstream_answer(R"({"stream":"S","domain":"D","seq":12,"duplicate":true})"));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->stream, "S");
  EXPECT_EQ(stored->sequence, 12U);
  EXPECT_TRUE(stored->duplicate);
  for (const char* const other :
       {"", "{}", R"({"stream":"S"})", R"({"seq":1})", R"({"stream":"S","seq":-1})",
        R"({"stream":"S","seq":0,"duplicate": true})", R"({"stream":"","seq":1})",
        R"({"error":{"code":503},"stream":"S","seq":1})"}) {
    EXPECT_FALSE(pub_ack(parse_jetstream_answer(other))) << other;
    EXPECT_FALSE(plain_pub_ack(other)) << other;
  }
}

TEST(JetStreamAnswer, error_of_the_server_is_tried_again_and_one_of_the_caller_is_not) {
  JetStreamAnswer answer;
  answer.description = "why";
  answer.code = 503;
  EXPECT_THROW(throw_jetstream_error(answer, "doing", "S"), TransientError);
  answer.code = 400;
  EXPECT_THROW(throw_jetstream_error(answer, "doing", "S"), ConfigError);
}

}  // namespace
}  // namespace hangar
