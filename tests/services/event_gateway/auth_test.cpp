#include "auth.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "prefect/json/json_document.hpp"

namespace hangar::gateway {
namespace {

TEST(Auth, authorization_is_basic_and_the_base64_of_the_secret) {
  const std::vector<std::pair<std::string, bool>> cases{
      {"Basic YWRtaW46cGFzcw==", true},
      {"  Basic \t YWRtaW46cGFzcw==  ", true},
      {"Basic YWRt-aW46cGFzcw==", true},  // As Python reads it.
      {"Basic YWRtaW46cGFzcw==YWRt", true},
      {"Basic YWRtaW46cGFzcw=", false},
      {"Basic YWRtaW46cGFzcw", false},
      {"basic YWRtaW46cGFzcw==", false},
      {"Bearer YWRtaW46cGFzcw==", false},
      {"Basic YWRtaW46cGFzcw== more", false},
      {"Basic YWRtaW46cGFzeA==", false},
      {"Basic", false},
      {"", false},
  };
  for (const auto& [header, right] : cases) {
    EXPECT_EQ(is_authorized(header, "admin:pass"), right) << header;
  }
}

TEST(Auth, first_message_is_answered_as_by_prefect) {
  using Kind = AuthAnswer::Kind;
  struct Case {
    std::string message;
    Kind open;  ///< Where no secret is asked for.
    Kind secret;
    std::string reason;
  };
  const std::vector<Case> cases{
      {R"({"type":"auth","token":"admin:pass"})", Kind::success, Kind::success, ""},
      {R"({"type":"auth","token":"admin:past"})", Kind::success, Kind::refused, "Invalid token"},
      {R"({"type":"auth"})", Kind::success, Kind::refused, "Auth required but no token provided"},
      {R"({"type":"auth","token":null})", Kind::success, Kind::refused,
       "Auth required but no token provided"},
      {R"({"type":"auth","token":""})", Kind::success, Kind::refused,
       "Auth required but no token provided"},
      {R"({"type":"auth","token":7})", Kind::success, Kind::dropped, ""},
      {R"({"type":"filter"})", Kind::refused, Kind::refused, "Expected 'auth' message"},
      {R"({})", Kind::refused, Kind::refused, "Expected 'auth' message"},
      {R"([])", Kind::dropped, Kind::dropped, ""},
      {R"("auth")", Kind::dropped, Kind::dropped, ""},
  };
  prefect::JsonDocument document;
  for (const Case& each : cases) {
    const auto root = document.parse(each.message);
    EXPECT_EQ(answer_to_auth(root, "").kind, each.open) << each.message;
    const AuthAnswer answer = answer_to_auth(root, "admin:pass");
    EXPECT_EQ(answer.kind, each.secret) << each.message;
    EXPECT_EQ(answer.reason, each.reason) << each.message;
  }
}

}  // namespace
}  // namespace hangar::gateway
