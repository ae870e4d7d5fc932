#include "source/pull_status.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace hangar {
namespace {

struct Case {
  const char* code;
  const char* text;
  PullStatus status;
};

TEST(PullStatus, code_and_text_together_decide) {
  const std::vector<Case> cases{
      {"100", "Idle Heartbeat", PullStatus::heartbeat},
      {"404", "No Messages", PullStatus::ended},
      {"404", "Consumer Not Found", PullStatus::consumer_gone},
      {"408", "Request Timeout", PullStatus::ended},
      {"408", "Interest Expired", PullStatus::ended},
      {"408", "Requests Pending", PullStatus::ended},
      {"409", "Batch Completed", PullStatus::ended},
      {"409", "Leadership Change", PullStatus::leadership_changed},
      {"409", "Server Shutdown", PullStatus::leadership_changed},
      {"409", "Consumer Deleted", PullStatus::consumer_gone},
      {"409", "Consumer is push based", PullStatus::refused},
      {"409", "Message Size Exceeds MaxBytes", PullStatus::message_too_big},
      {"409", "Exceeded MaxWaiting", PullStatus::too_many_waiting},
      {"409", "Exceeded MaxRequestBatch of 10", PullStatus::over_request_batch},
      {"409", "Exceeded MaxRequestMaxBytes of 1024", PullStatus::over_request_bytes},
      {"409", "Exceeded MaxRequestExpires of 1s", PullStatus::over_request_expiry},
      {"400", "Bad Request - heartbeat value too large", PullStatus::refused},
      {"412", "Required Api Level", PullStatus::refused},
      {"423", "Nats-Wrong-Pin-Id", PullStatus::refused},
      {"503", "", PullStatus::no_responders},
      {"409", "LEADERSHIP CHANGE", PullStatus::leadership_changed},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(classify_pull_status(each.code, each.text), each.status)
        << each.code << " " << each.text;
  }
}

TEST(PullStatus, text_alone_decides_nothing) {
  EXPECT_EQ(classify_pull_status("408", "Consumer Deleted"), PullStatus::ended);
  EXPECT_EQ(classify_pull_status("499", "Leadership Change"), PullStatus::unknown);
  EXPECT_EQ(classify_pull_status("", "Idle Heartbeat"), PullStatus::unknown);
  EXPECT_EQ(classify_pull_status("409", ""), PullStatus::unknown);
  EXPECT_EQ(classify_pull_status("409", "Something New"), PullStatus::unknown);
}

}  // namespace
}  // namespace hangar
