#include "nats/answers.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hangar {
namespace {

std::vector<std::string> taken(Answers& answers, std::size_t most) {
  std::vector<std::string> taken;
  answers.send([&](std::string_view subject, std::string_view body) {
    if (taken.size() == most) return false;
    EXPECT_EQ(subject.data()[subject.size()], '\0');
    EXPECT_EQ(body.data()[body.size()], '\0');
    taken.push_back(std::string{subject} + " " + std::string{body});
    return true;
  });
  return taken;
}

TEST(Answers, what_is_not_sent_stays_and_goes_before_what_comes_later) {
  Answers answers;
  EXPECT_TRUE(answers.empty());
  answers.add("a", "+ACK");
  answers.add("b", "");
  answers.add("c", "-NAK");
  EXPECT_EQ(taken(answers, 1), std::vector<std::string>{"a +ACK"});
  EXPECT_FALSE(answers.empty());

  Answers later;
  later.add("d", "+ACK");
  answers.add(later);
  EXPECT_EQ(taken(answers, 9), (std::vector<std::string>{"b ", "c -NAK", "d +ACK"}));
  EXPECT_TRUE(answers.empty());
  EXPECT_TRUE(taken(answers, 9).empty());
}

}  // namespace
}  // namespace hangar
