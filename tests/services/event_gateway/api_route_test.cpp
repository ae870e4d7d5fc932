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

TEST(ApiRoute, server_of_the_api_is_told_by_a_url) {
  struct Case {
    std::string url, host, port;
  };
  const std::vector<Case> cases{
      {"http://127.0.0.1:4200", "127.0.0.1", "4200"},
      {"http://prefect-server:4200/", "prefect-server", "4200"},
      {"http://prefect/v2/api", "prefect", "80"},
      {"http://[::1]:4200/v2/api/", "::1", "4200"},
  };
  for (const Case& each : cases) {
    const ApiServer server = api_server(each.url, "/v2/api");
    EXPECT_EQ(server.host, each.host) << each.url;
    EXPECT_EQ(server.port, each.port) << each.url;
  }
  for (const char* url :
       {"", "prefect:4200", "https://prefect", "http://", "http://:4200", "http://h:", "http://h:0",
        "http://h:65536", "http://h:4200x", "http://h/api", "http://u@h", "http://::1:4200",
        "http://h?x", "http://h:4200/v2/api/events"}) {
    EXPECT_THROW(api_server(url, "/v2/api"), ConfigError) << url;
  }
}

TEST(ApiRoute, subscribers_are_the_gateways_only_when_it_serves_them) {
  const std::vector<std::string> two{"/v2/api/events", "/v2/api/events/in"};
  EXPECT_EQ(gateway_paths("/v2/api", false), two);
  const std::vector<std::string> all{"/events", "/events/in", "/events/out"};
  EXPECT_EQ(gateway_paths("", true), all);
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
