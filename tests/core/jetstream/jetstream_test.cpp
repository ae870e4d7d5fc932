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
