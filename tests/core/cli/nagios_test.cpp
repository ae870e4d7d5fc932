#include "cli/nagios.hpp"

#include <gtest/gtest.h>

namespace hangar::cli::nagios {
namespace {

using enum State;

HostStatus reading(const std::string& durable, std::uint64_t lag, bool connected = true) {
  HostStatus host;
  host.address = "127.0.0.1:9470";
  host.ready = connected;
  host.services.push_back({.name = "recorder", .state = "running", .sources = {}});
  host.services[0].sources.push_back({.title = "recorder",
                                      .durable = durable,
                                      .connected = connected,
                                      .pending = 3,
                                      .lag_seconds = lag});
  return host;
}

TEST(Nagios, a_lag_is_judged_by_what_it_is_above) {
  const Thresholds limits{.warning = 60, .critical = 300};
  for (const auto& [lag, state] : std::vector<std::pair<std::uint64_t, State>>{
           {0, ok}, {60, ok}, {61, warning}, {300, warning}, {301, critical}}) {
    const Finding finding = check_lag({.hosts = {reading("d", lag)}, .troubles = {}}, limits, "");
    EXPECT_EQ(finding.state, state) << lag;
  }
  const Finding finding = check_lag({.hosts = {reading("d", 61)}, .troubles = {}}, limits, "");
  EXPECT_EQ(line("LAG", finding),
            "HANGAR LAG WARNING - d: 61 s, 3 wait | lag=61s;60;300;0 d=61s;60;300;0");
}

TEST(Nagios, of_hosts_that_share_a_durable_the_largest_lag_counts_and_others_have_their_own) {
  const FoundHosts found{.hosts = {reading("a", 5), reading("a", 400), reading("b", 70)},
                         .troubles = {}};
  const Thresholds limits{.warning = 60, .critical = 300};
  const Finding all = check_lag(found, limits, "");
  EXPECT_EQ(all.state, critical);
  EXPECT_EQ(all.data,
            (std::vector<std::string>{"lag=400s;60;300;0", "a=400s;60;300;0", "b=70s;60;300;0"}));
  EXPECT_EQ(check_lag(found, limits, "b").state, warning);
  EXPECT_EQ(check_lag(found, limits, "c").state, unknown);
}

TEST(Nagios, what_is_not_known_is_no_ok_and_hides_nothing_that_is_known) {
  const Thresholds limits{.warning = 60, .critical = 300};
  const auto state = [&](std::vector<HostStatus> hosts) {
    return check_lag({.hosts = std::move(hosts), .troubles = {}}, limits, "").state;
  };
  EXPECT_EQ(state({reading("a", 0, false)}), unknown);
  EXPECT_EQ(state({reading("a", 0, false), reading("a", 0)}), ok);
  EXPECT_EQ(state({reading("a", 0, false), reading("b", 61)}), warning);
  EXPECT_EQ(state({reading("a", 301, false)}), critical);
  EXPECT_EQ(state({HostStatus{}}), unknown);
  EXPECT_EQ(check_dlq({.hosts = {reading("a", 0, false)}, .troubles = {}}, {}).state, unknown);
  const FoundHosts nobody{.hosts = {}, .troubles = {"no host answers"}};
  for (const Finding& finding :
       {check_lag(nobody, limits, ""), check_dlq(nobody, {}), check_ready(nobody)}) {
    EXPECT_EQ(finding.state, unknown);
    EXPECT_EQ(finding.text, "no host answers");
  }
}

TEST(Nagios, dead_letters_warn_from_the_first_and_are_critical_where_that_is_asked) {
  auto host = reading("a", 0);
  const auto judged = [&](std::uint64_t letters, const Thresholds& limits) {
    host.dead_letters = letters;
    return check_dlq({.hosts = {host}, .troubles = {}}, limits);
  };
  EXPECT_EQ(line("DLQ", judged(0, {})), "HANGAR DLQ OK - no dead letters | dlq=0;0;;0");
  EXPECT_EQ(judged(1'000'000, {}).state, warning);
  EXPECT_EQ(judged(5, {.warning = 5, .critical = 10}).state, ok);
  EXPECT_EQ(judged(11, {.warning = 5, .critical = 10}).state, critical);
}

TEST(Nagios, a_host_that_is_not_ready_is_critical_and_says_why_in_one_line) {
  auto host = reading("a", 0);
  EXPECT_EQ(line("READY", check_ready({.hosts = {host}, .troubles = {}})),
            "HANGAR READY OK - 127.0.0.1:9470 runs all its services | ready=1;;1:;0");
  auto other = host;
  other.ready = false;
  other.failures = {"storage: a | b\nc"};
  EXPECT_EQ(line("READY", check_ready({.hosts = {host, other}, .troubles = {}})),
            "HANGAR READY CRITICAL - the host at 127.0.0.1:9470 is not ready: storage: a / b\\nc | "
            "ready=1;;2:;0");
}

}  // namespace
}  // namespace hangar::cli::nagios
