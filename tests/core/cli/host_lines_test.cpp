#include "cli/host_lines.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "cli/host_status_test.hpp"

namespace hangar::cli {
namespace {

TEST(HostLines, a_person_sees_one_line_a_source_that_fits_a_terminal) {
  const std::string text = text_of(host_lines({of_host(busy())}, {}), {});
  EXPECT_NE(text.find("127.0.0.1:9470: ready\n"), std::string::npos) << text;
  EXPECT_NE(text.find("SERVICE         STATE    RESTARTS  RATE  LAG  WAITING  UNACKED\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("recorder.other  running  2         ?     90s  3400     7\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("idle            running  0"), std::string::npos) << text;
  EXPECT_NE(text.find("dead letters  5\n"), std::string::npos) << text;
}

TEST(HostLines, lines_are_cut_at_the_width_and_not_within_a_character) {
  for (const auto& [text, width, expected] :
       std::vector<std::tuple<std::string, std::size_t, std::string>>{{"abcdef", 0, "abcdef"},
                                                                      {"abcdef", 6, "abcdef"},
                                                                      {"abcdef", 5, "abcd…"},
                                                                      {"äöüß", 3, "äö…"},
                                                                      {"äöüß", 4, "äöüß"},
                                                                      {"abc", 1, "…"},
                                                                      {"", 3, ""}}) {
    EXPECT_EQ(cut(text, width), expected) << text << ' ' << width;
  }
}

TEST(HostLines, colours_are_shown_where_they_are_wanted_and_take_no_room) {
  const std::vector<ShownLine> lines{{"abcdef", Tone::bad}, {"ab", Tone::plain}};
  EXPECT_EQ(text_of(lines, {.width = 5}), "abcd…\nab\n");
  EXPECT_EQ(text_of(lines, {.width = 5, .colours = true}), "\x1b[31mabcd…\x1b[0m\nab\n");
}

TEST(HostLines, what_is_not_well_is_no_plain_line) {
  auto seen = busy();
  seen.storage.down = true;
  seen.storage.last_error = "no answer";
  seen.services[1].state = ServiceState::starting;
  std::vector<std::pair<std::string, Tone>> toned;
  for (const ShownLine& line : host_lines({of_host(seen)}, {})) {
    if (line.tone != Tone::plain) toned.emplace_back(line.text.substr(0, 7), line.tone);
  }
  EXPECT_EQ(toned, (std::vector<std::pair<std::string, Tone>>{{"hangar ", Tone::bad},
                                                              {"  stora", Tone::bad},
                                                              {"  idle:", Tone::bad},
                                                              {"idle   ", Tone::warning},
                                                              {"dead le", Tone::warning}}));
  EXPECT_EQ(host_lines({of_host(busy())}, {}).front().tone, Tone::good);
}

/// The lines of the first service's sources, after looks at so many seconds.
std::vector<std::string> with_rates(const std::vector<std::pair<int, Snapshot>>& looks) {
  Rates rates;
  std::vector<HostStatus> hosts;
  for (const auto& [seconds, seen] : looks) {
    hosts = {of_host(seen)};
    rates.look(hosts, Rates::Clock::time_point{std::chrono::seconds{seconds}});
  }
  std::vector<std::string> lines;
  for (const ShownLine& line : host_lines(hosts, rates)) {
    if (line.text.starts_with("recorder")) lines.push_back(line.text);
  }
  return lines;
}

Snapshot settled(std::uint64_t acked, std::uint64_t rejected) {
  Snapshot seen = busy();
  seen.services[0].sources[0].acked = acked;
  seen.services[0].sources[0].rejected = rejected;
  return seen;
}

TEST(HostLines, a_rate_is_what_was_settled_between_the_last_two_looks) {
  for (const auto& [looks, rate] :
       std::vector<std::pair<std::vector<std::pair<int, Snapshot>>, std::string>>{
           {{{1, settled(0, 0)}}, "?"},
           {{{1, settled(5, 0)}, {3, settled(5, 0)}}, "0/s"},
           {{{1, settled(5, 0)}, {3, settled(6, 0)}}, "0.5/s"},
           {{{1, settled(5, 0)}, {3, settled(85, 4)}}, "42/s"},
           {{{1, settled(0, 0)}, {2, settled(1000, 0)}, {4, settled(1030, 0)}}, "15/s"},
           // The host was started again.
           {{{1, settled(1000, 0)}, {3, settled(20, 0)}}, "?"},
           {{{1, settled(1000, 0)}, {3, settled(20, 0)}, {5, settled(40, 0)}}, "10/s"}}) {
    const auto lines = with_rates(looks);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_NE(lines[0].find(" 2         " + rate + "  "), std::string::npos) << rate << lines[0];
  }
}

TEST(HostLines, a_rate_is_of_one_host_and_one_source) {
  Rates rates;
  const auto hosts = [](std::uint64_t one, std::uint64_t two) {
    std::vector<HostStatus> both{of_host(settled(one, 0)), of_host(settled(two, 0))};
    both[1].address = "127.0.0.1:9471";
    return both;
  };
  const Rates::Clock::time_point start{};
  rates.look(hosts(0, 0), start);
  const auto last = hosts(10, 30);
  rates.look(last, start + std::chrono::seconds{1});
  EXPECT_EQ(rates.of(last[0], last[0].services[0].sources[0]), 10);
  EXPECT_EQ(rates.of(last[1], last[1].services[0].sources[0]), 30);
  EXPECT_EQ(rates.of(last[1], last[1].services[0].sources[1]), 0);
  // One that did not answer meanwhile is told when it was seen twice again.
  rates.look({last[0]}, start + std::chrono::seconds{2});
  rates.look(last, start + std::chrono::seconds{3});
  EXPECT_EQ(rates.of(last[1], last[1].services[0].sources[0]), std::nullopt);
}

TEST(HostLines, a_frame_fits_the_terminal_and_says_what_it_leaves_out) {
  const std::vector<ShownLine> lines{{"one"}, {"two"}, {"three"}};
  const std::string all = "\x1b[Hone\x1b[K\ntwo\x1b[K\nthree\x1b[K\n\x1b[J";
  EXPECT_EQ(frame_of(lines, {}), all);
  EXPECT_EQ(frame_of(lines, {.width = 5, .height = 4}), all);
  EXPECT_EQ(frame_of(lines, {.width = 20, .height = 3}),
            "\x1b[Hone\x1b[K\n… and 2 more lines\x1b[K\n\x1b[J");
  EXPECT_EQ(frame_of(lines, {.width = 20, .height = 2}), "\x1b[H… and 3 more lines\x1b[K\n\x1b[J");
  EXPECT_EQ(frame_of(lines, {.width = 20, .height = 1}), "\x1b[H\x1b[J");
}

}  // namespace
}  // namespace hangar::cli
