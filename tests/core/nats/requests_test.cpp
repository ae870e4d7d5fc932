#include "nats/requests.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <utility>
#include <vector>

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Fate = Requests::Reply::Fate;

class RequestsOfOne : public testing::Test {
 protected:
  void send(const std::string& subject, std::chrono::milliseconds within = 1h) {
    const std::uint64_t token = requests->next_token();
    requests->sent(token, subject, within, [this, token](const Requests::Reply& reply) {
      fates.emplace_back(token, reply.fate);
    });
  }

  boost::asio::io_context io;
  std::shared_ptr<Requests> requests = std::make_shared<Requests>(io.get_executor());
  std::vector<std::pair<std::uint64_t, Fate>> fates;
};

TEST_F(RequestsOfOne, each_reply_reaches_its_request_once) {
  send("a");
  send("b");
  requests->answer(2, make_message("inbox", "", "body"));
  requests->answer(2, make_message("inbox", "", "again"));
  requests->answer(3, make_message("inbox", "", "of nobody"));
  requests->answer(1, make_message("inbox", "", "", {{"Status", "503"}}));
  const std::vector<std::pair<std::uint64_t, Fate>> expected{{2, Fate::answered},
                                                             {1, Fate::no_responders}};
  EXPECT_EQ(fates, expected);
}

TEST_F(RequestsOfOne, what_is_taken_or_forgotten_is_answered_no_more) {
  send("a");
  send("b");
  send("a");
  EXPECT_EQ(requests->take("a").size(), 2U);
  EXPECT_EQ(requests->take("a").size(), 0U);
  send("c");
  EXPECT_EQ(requests->take().size(), 2U);
  send("d");
  requests->forget();
  for (std::uint64_t token = 1; token <= 5; ++token) {
    requests->answer(token, make_message("inbox", "", "body"));
  }
  EXPECT_TRUE(fates.empty());
}

TEST_F(RequestsOfOne, only_a_request_whose_time_is_over_times_out) {
  send("a", 0ms);
  send("b");
  while (fates.empty()) io.run_one();
  ASSERT_EQ(fates.size(), 1U);
  EXPECT_EQ(fates.front(), std::pair(std::uint64_t{1}, Fate::timed_out));
  EXPECT_EQ(requests->take("b").size(), 1U);
}

TEST_F(RequestsOfOne, those_that_wait_keep_nothing_alive) {
  send("a");
  requests.reset();
  io.run();
  EXPECT_TRUE(fates.empty());
}

}  // namespace
}  // namespace hangar
