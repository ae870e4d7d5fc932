#include "cli/host_lines.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "cli/host_status_test.hpp"

namespace hangar::cli {
namespace {

TEST(HostLines, a_person_sees_one_line_a_source_that_fits_a_terminal) {
  const std::string text = text_of(host_lines({of_host(busy())}), {});
  EXPECT_NE(text.find("127.0.0.1:9470: ready\n"), std::string::npos) << text;
  EXPECT_NE(text.find("SERVICE         STATE    RESTARTS  LAG  WAITING  UNACKED\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("recorder.other  running  2         90s  3400     7\n"), std::string::npos)
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
  EXPECT_EQ(text_of({"abcdef", "ab"}, {.width = 5}), "abcd…\nab\n");
}

}  // namespace
}  // namespace hangar::cli
