#include "dead_letters/letter_json.hpp"

#include <gtest/gtest.h>

#include <string>

#include "hangar/error.hpp"

namespace hangar {
namespace {

StoredLetter letter_of(std::string body) {
  StoredLetter stored;
  stored.letter.dead_letter_sequence = 7;
  stored.letter.subject = "prefect.events.task-run";
  stored.letter.reason = "nul_byte";
  stored.letter.size = body.size();
  stored.original = {{"Kind", "odd"}, {"Kind", "é"}, {"Nats-Msg-Id", "of the first time"}};
  stored.body = std::move(body);
  return stored;
}

TEST(LetterLine, any_bytes_come_back_with_subject_and_headers) {
  for (const std::string& body :
       {std::string{}, std::string{R"({"a": "é"})"}, std::string{"two\nlines\r\n"},
        std::string{"a\0b\xff\x1b", 5}, std::string{"\\u0000"}, std::string(10'001, '\xfe')}) {
    const std::string line = letter_line(letter_of(body));
    EXPECT_EQ(line.find('\n'), line.npos);
    const auto read = parse_letter_line(line);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->body, body);
    EXPECT_EQ(read->subject, "prefect.events.task-run");
    const Headers wanted{{"Kind", "odd"}, {"Kind", "é"}};
    EXPECT_EQ(read->headers, wanted);
    EXPECT_EQ(read->id, "") << "with the id that it had a stream would not take it again";
  }
}

TEST(LetterLine, event_is_no_letter) {
  for (const char* line :
       {"", "{}", "[]", "no json", R"({"event":"prefect.task-run.Running","id":"1"})",
        R"({"id":"1","hangar_dead_letter":{}})", R"({"hangar_dead_letters":{}})"}) {
    EXPECT_FALSE(parse_letter_line(line)) << line;
  }
}

TEST(LetterLine, damaged_letter_is_not_published_as_something_else) {
  for (const char* line :
       {R"({"hangar_dead_letter":)", R"({"hangar_dead_letter":{}})",
        R"({ "hangar_dead_letter":{},"subject":"a","headers":[]})",
        R"({"hangar_dead_letter":{},"subject":"a","headers":[],"data":7})",
        R"({"hangar_dead_letter":{},"subject":"a","headers":[],"data_base64":"*"})",
        R"({"hangar_dead_letter":{},"subject":"a","headers":[["x"]],"data":""})"}) {
    EXPECT_THROW((void)parse_letter_line(line), Error) << line;
  }
}

TEST(LetterJson, bytes_that_json_cannot_hold_are_base64) {
  EXPECT_EQ(letter_json(letter_of("a")).at("data").as_string(), "a");
  const auto binary = letter_json(letter_of("a\xff"));
  EXPECT_FALSE(binary.contains("data"));
  EXPECT_EQ(binary.at("data_base64").as_string(), "Yf8=");
}

}  // namespace
}  // namespace hangar
