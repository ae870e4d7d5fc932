#include "doctor/target_check.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "doctor/publish_rights.hpp"

namespace hangar {
namespace {

using enum Check::Verdict;

TEST(TargetCheck, a_stream_must_take_all_that_a_service_publishes) {
  struct Case {
    std::vector<std::string> taken;
    Check::Verdict verdict;
    std::string hint;
  };
  for (const Case& one : {Case{{"copies.>"}, ok, ""}, Case{{"other", ">"}, ok, ""},
                          Case{{"copies.>", "copies.a"}, ok, ""},
                          Case{{"other", "copies.a"}, warn, "--subjects=other,copies.>"},
                          Case{{"other"}, fail, "--subjects=other,copies.>"},
                          Case{{}, fail, "--subjects=copies.>"}}) {
    StreamInfo stream;
    stream.name = "COPIES";
    stream.subjects = one.taken;
    const Check check = check_target(stream, "forwarder", {"COPIES", "copies.>"});
    EXPECT_EQ(check.verdict, one.verdict) << check.found;
    EXPECT_NE(check.hint.find(one.hint), std::string::npos) << check.hint;
    EXPECT_EQ(check.hint.empty(), check.verdict == ok);
  }
}

TEST(TargetCheck, rights_are_enough_when_nothing_of_the_subject_is_left_out) {
  struct Case {
    const char* permissions;
    Check::Verdict verdict;
  };
  for (const Case& one :
       {Case{R"({})", ok}, Case{R"({"publish": {"allow": []}})", ok},
        Case{R"({"subscribe": {"allow": ["x"]}})", ok},
        Case{R"({"publish": {"allow": ["copies.>"]}})", ok},
        Case{R"({"publish": {"allow": ["a", ">"]}})", ok},
        Case{R"({"publish": {"deny": ["other.>"]}})", ok},
        Case{R"({"publish": {"allow": ["copies.a"]}})", warn},
        Case{R"({"publish": {"allow": [">"], "deny": ["copies.a"]}})", warn},
        Case{R"({"publish": {"allow": ["other.>"]}})", fail},
        Case{R"({"publish": {"allow": ["copies.>"], "deny": ["copies.>"]}})", fail}}) {
    const boost::json::object answer{
        {"data", {{"user", "u"}, {"permissions", boost::json::parse(one.permissions)}}}};
    const Check check = check_publish_rights(to_publish_rights(answer), "stream COPIES", "copies.>",
                                             "without that nothing is copied");
    EXPECT_EQ(check.verdict, one.verdict) << one.permissions;
    EXPECT_EQ(check.hint.empty(), check.verdict == ok);
  }
}

TEST(TargetCheck, rights_that_nobody_tells_are_no_fault_unless_somebody_can_mend_that) {
  const Check old = check_publish_rights({.unknown = "it is old"}, "stream S", "s", "");
  EXPECT_EQ(old.verdict, ok);
  EXPECT_NE(old.found.find("it is old"), std::string::npos);
  EXPECT_EQ(
      check_publish_rights({.unknown = "denied", .hint = "let him"}, "stream S", "s", "").verdict,
      warn);
  EXPECT_FALSE(to_publish_rights({}).unknown.empty());
}

}  // namespace
}  // namespace hangar
