#include "embedded/embedded_step.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

using namespace std::chrono_literals;

TEST(EmbeddedStep, whoever_has_the_lock_starts_and_others_join_what_is_ready) {
  using enum EmbeddedStep;
  struct Case {
    const char* what;
    EmbeddedView seen;
    EmbeddedStep next;
  };
  for (const Case& each : {
           Case{"the first one", {.locked = true}, start},
           Case{"beside one that starts", {}, wait},
           Case{"beside one that is ready", {.told = true}, join},
           Case{"joined", {.told = true, .joined = true}, wait},
           Case{"joined, and another one has just taken over", {.joined = true}, wait},
           Case{"joined for long", {.joined = true, .waited = 24h}, wait},
           Case{"joined, and it has ended", {.locked = true, .told = true, .joined = true}, start},
           Case{"beside one that is slow", {.waited = joins_within}, wait},
           Case{"beside one that is never ready", {.waited = joins_within + 1s}, give_up},
       }) {
    EXPECT_EQ(next_step(each.seen), each.next) << each.what;
  }
}

TEST(EmbeddedStep, server_that_cannot_write_is_known_by_its_log) {
  const std::string_view full =
      "[7] 2026/11/28 16:08:38.596225 [ERR] JetStream failed to store a msg on "
      "stream '$G > "
      "PREFECT_EVENTS': write /data/1.blk: no space left on device";
  EXPECT_EQ(write_failure(full), full);
  EXPECT_EQ(write_failure("[7] [INF] Server is ready\n" + std::string{full} + "\nmore\n"), full);
  for (const char* line : {"[ERR] x: disk quota exceeded", "[ERR] x: file too large",
                           "[ERR] x: input/output error", "[ERR] x: read-only file system",
                           "[ERR] JetStream out of File resources, will be DISABLED"}) {
    EXPECT_EQ(write_failure(line), line);
  }
  for (const char* line : {"", "\n", "[INF] Starting JetStream", "maximum bytes exceeded"}) {
    EXPECT_EQ(write_failure(line), "") << line;
  }
}

}  // namespace
}  // namespace hangar
