#include "host/systemd_notices.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace hangar {
namespace {

using namespace std::chrono_literals;

const SystemdNotices::Clock::time_point began{1h};

Snapshot with_state(ServiceState state) {
  Snapshot seen;
  auto& service = seen.services.emplace_back();
  service.name = "recorder";
  service.state = state;
  auto& source = service.sources.emplace_back();
  source.title = "recorder";
  source.connected = state == ServiceState::running ? 1 : 0;
  return seen;
}

bool has(const std::string& lines, const std::string& line) {
  return ('\n' + lines).find('\n' + line + '\n') != std::string::npos;
}

TEST(SystemdNotices, a_start_that_waits_is_extended_until_it_is_ready_and_that_is_told_once) {
  SystemdNotices notices{std::nullopt};
  const auto starting = with_state(ServiceState::starting);
  EXPECT_EQ(notices.look(starting, 1, began),
            "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=not ready: nats: recorder is not connected\n");
  EXPECT_EQ(notices.look(starting, 1, began + 4s), "");
  // Long before the extension ends.
  EXPECT_TRUE(has(notices.look(starting, 1, began + 5s), "EXTEND_TIMEOUT_USEC=30000000"));
  const auto running = with_state(ServiceState::running);
  EXPECT_EQ(notices.look(running, 1, began + 6s),
            "READY=1\nSTATUS=running recorder; 0 wait, lag 0 s; 0 dead letters\n");
  for (const auto* seen : {&starting, &running}) {
    const std::string later = notices.look(*seen, 1, began + 60s);
    EXPECT_FALSE(has(later, "READY=1")) << later;
    EXPECT_FALSE(has(later, "EXTEND_TIMEOUT_USEC=30000000")) << later;
  }
}

TEST(SystemdNotices, each_service_that_has_not_ended_must_run) {
  auto seen = with_state(ServiceState::running);
  seen.services.push_back(with_state(ServiceState::failed).services.at(0));
  EXPECT_FALSE(has(SystemdNotices{std::nullopt}.look(seen, 2, began), "READY=1"));
  // It is given up; the other one does its work.
  EXPECT_TRUE(has(SystemdNotices{std::nullopt}.look(seen, 1, began), "READY=1"));
  EXPECT_FALSE(has(SystemdNotices{std::nullopt}.look(Snapshot{}, 0, began), "READY=1"));
}

TEST(SystemdNotices, a_loop_that_looks_as_often_as_it_is_asked_to_is_in_time_with_its_signs) {
  for (const auto watchdog : {200ms, 1000ms, 1200ms, 30'000ms}) {
    SystemdNotices notices{watchdog};
    EXPECT_LE(notices.period(), 500ms);
    const auto seen = with_state(ServiceState::running);
    std::vector<SystemdNotices::Clock::time_point> signs{began};
    for (auto now = began; now < began + 5 * watchdog; now += notices.period()) {
      if (has(notices.look(seen, 1, now), "WATCHDOG=1")) signs.push_back(now);
    }
    EXPECT_GE(signs.size(), 6U) << watchdog.count();
    EXPECT_LE(signs.size(), 12U) << watchdog.count();
    for (std::size_t i = 1; i < signs.size(); ++i) {
      EXPECT_LE(signs[i] - signs[i - 1], watchdog * 3 / 4) << watchdog.count();
    }
  }
  EXPECT_FALSE(has(SystemdNotices{std::nullopt}.look(with_state(ServiceState::running), 1, began),
                   "WATCHDOG=1"));
}

TEST(SystemdNotices, the_status_has_a_rate_each_five_seconds_and_a_trouble_at_once) {
  SystemdNotices notices{std::nullopt};
  auto seen = with_state(ServiceState::running);
  static_cast<void>(notices.look(seen, 1, began));
  auto& source = seen.services.at(0).sources.at(0);
  source.acked = 900;
  source.rejected = 100;
  source.pending = 3400;
  source.lag_seconds = 12;
  source.stored_letters = 100;
  EXPECT_EQ(notices.look(seen, 1, began + 4999ms), "");
  EXPECT_EQ(notices.look(seen, 1, began + 5s),
            "STATUS=running recorder; 200 messages a second; 3400 wait, lag 12 s; 100 dead "
            "letters\n");
  seen.storage.down = true;
  seen.storage.last_error = "no\nanswer";
  EXPECT_EQ(notices.look(seen, 1, began + 6s), "STATUS=not ready: storage: no answer\n");
  seen.draining = true;
  EXPECT_EQ(notices.look(seen, 1, began + 11s), "STATUS=draining: finishing what is held\n");
}

}  // namespace
}  // namespace hangar
