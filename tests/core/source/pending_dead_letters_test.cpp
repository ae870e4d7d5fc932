#include "source/pending_dead_letters.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hangar {
namespace {

using Fate = Link::Reply::Fate;

Link::Reply answered(const char* body) {
  return {.fate = Fate::answered, .message = make_message("inbox", "", body)};
}

TEST(LetterReceipt, letter_is_stored_when_the_stream_says_where) {
  const LetterReceipt receipt =
      receipt_of(answered(R"({"stream":"HANGAR_DLQ","seq":7})"), "", false);
  EXPECT_TRUE(receipt.stored);
  EXPECT_EQ(receipt.problem, "");
  EXPECT_EQ(receipt.earlier, 0U);
}

TEST(LetterReceipt, one_that_the_stream_takes_for_a_copy_is_not_stored_by_that) {
  const auto receipt =
      receipt_of(answered(R"({"stream":"S","seq":7,"duplicate":true})"), "", false);
  EXPECT_FALSE(receipt.stored);
  EXPECT_EQ(receipt.problem, "");
  EXPECT_EQ(receipt.earlier, 7U);
  EXPECT_TRUE(
      receipt_of(answered(R"({"stream":"S","seq":7,"duplicate":false})"), "", false).stored);
}

TEST(LetterReceipt, of_a_full_stream_it_says_how_letters_make_room) {
  const auto receipt = receipt_of(
      answered(R"({"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}})"),
      "", false);
  EXPECT_NE(receipt.problem.find("`hangar dlq purge`"), std::string::npos) << receipt.problem;
}

TEST(LetterReceipt, of_the_embedded_server_without_room_it_names_the_disk) {
  const auto receipt = receipt_of(
      answered(R"({"error":{"code":503,"err_code":10023,"description":"insufficient resources"}})"),
      "", true);
  EXPECT_NE(receipt.problem.find("data_dir"), std::string::npos) << receipt.problem;
}

TEST(LetterReceipt, everything_else_is_a_problem_that_says_why) {
  struct Row {
    Link::Reply reply;
    const char* says;
  };
  Row rows[]{
      {{.fate = Fate::timed_out}, "no answer within 5 s it is gone"},
      {{.fate = Fate::denied, .why = "may not publish there"}, "may not publish there"},
      {{.fate = Fate::no_responders}, "nobody stores messages on its subject"},
      {{.fate = Fate::disconnected}, "the connection was lost"},
      {answered(
           R"({"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}})"),
       "maximum bytes exceeded (JetStream error 10077): the stream is full"},
      {answered("{}"), "the answer does not say where it is stored"},
      {answered("no JSON"), "the answer is not JSON"},
  };
  for (const Row& row : rows) {
    const LetterReceipt receipt = receipt_of(row.reply, "it is gone", false);
    EXPECT_FALSE(receipt.stored) << row.says;
    EXPECT_EQ(receipt.problem.substr(0, std::string_view{row.says}.size()), row.says);
    EXPECT_EQ(receipt.earlier, 0U) << row.says;
  }
}

}  // namespace
}  // namespace hangar
