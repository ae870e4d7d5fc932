#include "plugin/build_difference.hpp"

#include <gtest/gtest.h>

#include <boost/algorithm/string/replace.hpp>
#include <ostream>

#include "hangar/build_tag.hpp"
#include "hangar/version.hpp"

namespace hangar {
namespace {

constexpr std::string_view host =
    "abi=2 headers=00112233 compiler=gcc-12 library=libstdc++-12 string_abi=1 debug_mode=off "
    "boost=1_81 asio=separate";

struct Case {
  std::string_view tag;
  std::string_view said;
};

void PrintTo(const Case& given, std::ostream* out) { *out << given.said; }

class BuildDifference : public ::testing::TestWithParam<Case> {};

TEST_P(BuildDifference, names_the_part_both_values_and_what_to_do) {
  std::string said{GetParam().said};
  boost::algorithm::replace_first(said, "VERSION", version);
  EXPECT_EQ(build_difference(GetParam().tag, host).value_or(""), said);
}

INSTANTIATE_TEST_SUITE_P(
    Tags, BuildDifference,
    ::testing::Values(
        Case{host, ""},
        Case{"abi=1 headers=00112233 compiler=gcc-12 library=libstdc++-12 string_abi=1 "
             "debug_mode=off boost=1_81 asio=separate",
             "its plugin ABI is 1, this host's is 2: build it again with this host's headers "
             "(hangar "
             "VERSION)"},
        Case{"abi=2 headers=44556677 compiler=gcc-12 library=libstdc++-12 string_abi=1 "
             "debug_mode=off boost=1_81 asio=separate",
             "its fingerprint of the public headers is 44556677, this host's is 00112233: build it "
             "again with this host's headers (hangar VERSION)"},
        Case{"abi=2 headers=00112233 compiler=clang-14 library=libstdc++-12 string_abi=1 "
             "debug_mode=off boost=1_81 asio=separate",
             "its compiler is clang-14, this host's is gcc-12: build it again with this host's "
             "compiler"},
        Case{"abi=2 headers=00112233 compiler=gcc-12 library=libc++-140000 debug_mode=off "
             "boost=1_83 asio=separate",
             "its C++ standard library is libc++-140000, this host's is libstdc++-12; its string "
             "ABI (_GLIBCXX_USE_CXX11_ABI) is none, this host's is 1; its Boost is 1_83, this "
             "host's is 1_81: build it again with this host's libraries and flags"},
        Case{"abi=2 headers=00112233 compiler=gcc-12 library=libstdc++-12 string_abi=0 "
             "debug_mode=off boost=1_81 asio=separate",
             "its string ABI (_GLIBCXX_USE_CXX11_ABI) is 0, this host's is 1: build it again with "
             "this host's flags"},
        Case{"abi=2 headers=00112233 compiler=gcc-12 library=libstdc++-12 string_abi=1 "
             "debug_mode=on boost=1_81 asio=header_only",
             "its standard library debug mode (_GLIBCXX_DEBUG) is on, this host's is off; its Asio "
             "(BOOST_ASIO_SEPARATE_COMPILATION) is header_only, this host's is separate: build it "
             "again with this host's flags"},
        Case{"abi=2 headers=00112233 compiler=gcc-12 library=libstdc++-12 string_abi=1 "
             "debug_mode=off boost=1_81 asio=separate sanitizer=address",
             "its sanitizer (-fsanitize) is address, this host's is none: build it again with this "
             "host's flags"},
        Case{"abi=2 headers=44556677 compiler=gcc-14 library=libstdc++-14 string_abi=1 "
             "debug_mode=on boost=1_81 asio=separate",
             "its fingerprint of the public headers is 44556677, this host's is 00112233; its "
             "compiler is gcc-14, this host's is gcc-12; its C++ standard library is libstdc++-14, "
             "this host's is libstdc++-12; its standard library debug mode (_GLIBCXX_DEBUG) is on, "
             "this host's is off: build it again with this host's headers (hangar VERSION) and "
             "compiler and libraries and flags"}));

TEST(BuildTag, of_a_newer_hangar_differs_by_words_that_this_one_does_not_know) {
  const std::string newer = std::string{host} + " colour=red";
  const std::string said = build_difference(newer, host).value_or("");
  EXPECT_NE(said.find("colour=red"), std::string::npos) << said;
}

TEST(BuildTag, has_a_value_for_each_word) {
  const std::string_view tag = build_tag;
  for (const char* word : {"abi=", " headers=", " compiler=", " library=", " debug_mode=",
                           " boost=", " asio=separate"}) {
    const std::size_t at = tag.find(word);
    ASSERT_NE(at, std::string_view::npos) << word << " in " << tag;
    const std::size_t value = at + std::string_view{word}.find('=') + 1;
    EXPECT_NE(tag.substr(value).find_first_not_of(' '), std::string_view::npos) << tag;
    EXPECT_NE(tag.substr(value, 1), " ") << tag;
  }
  // A macro that is not known stays a name.
  EXPECT_EQ(tag.find("_GLIBCXX"), std::string_view::npos) << tag;
  EXPECT_EQ(tag.find("__"), std::string_view::npos) << tag;
  EXPECT_LT(tag.size(), 300) << "refuse_build reads 512 bytes";
}

TEST(BuildTag, of_a_library_that_is_no_plugin_is_missed) {
  const std::string said = refuse_build("/proc/self/exe").value_or("");
  EXPECT_NE(said.find("carries no build tag"), std::string::npos) << said;
}

}  // namespace
}  // namespace hangar
