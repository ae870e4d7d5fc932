#include "cors.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace hangar::gateway {
namespace {

using Headers = std::map<std::string, std::string>;

Headers of(const Cors::Headers& headers) { return {headers.begin(), headers.end()}; }

const std::string vary =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
    "Access-Control-Request-Private-Network";
const std::string every_method = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY";
const std::string some_headers =
    "Accept, Accept-Language, Content-Language, Content-Type, X-One, authorization";

/// What Prefect's server answers; test_conformance.py asks it the same.
struct Case {
  Cors::Preflight asked;
  std::string body = "OK";
  std::string origin;   ///< Access-Control-Allow-Origin; empty when it is not sent.
  std::string headers;  ///< Access-Control-Allow-Headers, likewise.
};

void expect(const Cors& cors, const std::string& methods, const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    Headers wanted{{"Vary", vary},
                   {"Access-Control-Allow-Methods", methods},
                   {"Access-Control-Max-Age", "600"}};
    if (!each.origin.empty()) wanted.emplace("Access-Control-Allow-Origin", each.origin);
    if (!each.headers.empty()) wanted.emplace("Access-Control-Allow-Headers", each.headers);
    const Cors::Answer answer = cors.answer(each.asked);
    EXPECT_EQ(answer.body, each.body) << each.asked.origin << each.asked.headers;
    EXPECT_EQ(answer.status, each.body == "OK" ? 200U : 400U);
    EXPECT_EQ(of(answer.headers), wanted);
  }
}

TEST(Cors, without_settings_every_page_may_do_everything) {
  const Cors cors{"*", "*", "*"};
  expect(
      cors, every_method,
      {
          {{"https://a", "POST", {}, {}}, "OK", "*", ""},
          {{"null", "QUERY", "x-a,\tX-B", {}}, "OK", "*", "x-a,\tX-B"},
          {{"https://a", "post", {}, {}}, "Disallowed CORS method", "*", ""},
          {{"https://a", "TRACE", {}, "true"}, "Disallowed CORS method, private-network", "*", ""},
      });
  EXPECT_EQ(of(cors.headers("https://a")),
            (Headers{{"Access-Control-Allow-Origin", "*"}, {"Vary", "Origin"}}));
  EXPECT_EQ(of(cors.headers({})), (Headers{{"Vary", "Origin"}}));
}

TEST(Cors, lists_are_what_is_between_their_commas) {
  const Cors cors{"https://a,https://b", "GET,POST", "X-One,authorization"};
  expect(cors, "GET, POST",
         {
             {{"https://a", "POST", "X-ONE, content-type", {}}, "OK", "https://a", some_headers},
             {{"https://b", "GET", {}, {}}, "OK", "https://b", some_headers},
             {{"https://A", "GET", {}, {}}, "Disallowed CORS origin", "", some_headers},
             {{"https://c", "PUT", "X-Two", {}},
              "Disallowed CORS origin, method, headers",
              "",
              some_headers},
             {{"https://a", "GET", "x-one,", {}},
              "Disallowed CORS headers",
              "https://a",
              some_headers},
         });
  EXPECT_EQ(of(cors.headers("https://b")),
            (Headers{{"Access-Control-Allow-Origin", "https://b"}, {"Vary", "Origin"}}));
  EXPECT_EQ(of(cors.headers("https://c")), (Headers{{"Vary", "Origin"}}));
}

TEST(Cors, blanks_of_a_list_are_part_of_what_is_allowed) {
  const Cors cors{"https://a, https://b", "GET, POST", ""};
  EXPECT_EQ(cors.answer({"https://b", "GET", {}, {}}).body, "Disallowed CORS origin");
  EXPECT_EQ(cors.answer({"https://a", "POST", {}, {}}).body, "Disallowed CORS method");
  EXPECT_EQ(cors.answer({"https://a", "GET", "accept", {}}).body, "OK");
}

}  // namespace
}  // namespace hangar::gateway
