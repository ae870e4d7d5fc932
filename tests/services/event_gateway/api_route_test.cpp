#include "api_route.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"

namespace hangar::gateway {
namespace {

TEST(ApiRoute, prefix_is_the_one_that_prefects_server_makes_of_its_setting) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "/api"}, {"/api", "/api"}, {"/v2/api/", "/v2/api"}, {"/x//", "/x"}, {"/", ""}};
  for (const auto& [set, prefix] : cases) EXPECT_EQ(api_prefix(set), prefix) << set;
  EXPECT_THROW(static_cast<void>(api_prefix("api")), ConfigError);
}

TEST(ApiRoute, requests_go_by_the_whole_path) {
  struct Case {
    std::string method, target;
    ApiRoute route;
    std::string prefix = "/api";
  };
  const std::vector<Case> cases{
      {"POST", "/api/events", ApiRoute::post_events},
      {"POST", "/api/events?a=/", ApiRoute::post_events},
      {"POST", "/api/%65vents", ApiRoute::post_events},
      {"POST", "/events", ApiRoute::post_events, ""},
      {"POST", "/v2/api/events", ApiRoute::post_events, "/v2/api"},
      {"GET", "/api/events", ApiRoute::wrong_method},
      {"post", "/api/events", ApiRoute::wrong_method},
      {"HEAD", "/api/events", ApiRoute::wrong_method},
      {"GET", "/api/events/?a", ApiRoute::slash},
      {"GET", "/api/events/in", ApiRoute::unknown},
      {"POST", "/api//events", ApiRoute::unknown},
      {"POST", "/api/events%3F", ApiRoute::unknown},
      {"POST", "/api/events%6", ApiRoute::unknown},
      {"POST", "/api/", ApiRoute::unknown},
      {"POST", "/api", ApiRoute::outside},
      {"POST", "/apix/events", ApiRoute::outside},
      {"POST", "/events", ApiRoute::outside},
      {"POST", "http://h/api/events", ApiRoute::outside},
      {"POST", "", ApiRoute::outside},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(api_route(each.method, each.target, false, each.prefix), each.route)
        << each.method << ' ' << each.target;
  }
}

TEST(ApiRoute, websocket_is_where_events_are_taken) {
  const std::vector<std::pair<std::string, ApiRoute>> cases{
      {"/api/events/in", ApiRoute::events_in},     {"/api/events/in?x", ApiRoute::events_in},
      {"/api/events/out", ApiRoute::events_out},   {"/api/events/out?x", ApiRoute::events_out},
      {"/api/events/in/", ApiRoute::no_websocket}, {"/api/events", ApiRoute::no_websocket},
      {"/events/in", ApiRoute::no_websocket},      {"/", ApiRoute::no_websocket},
  };
  for (const auto& [target, route] : cases) {
    EXPECT_EQ(api_route("GET", target, true, "/api"), route) << target;
  }
}

}  // namespace
}  // namespace hangar::gateway
