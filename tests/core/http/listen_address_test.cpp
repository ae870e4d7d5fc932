#include "http/listen_address.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"

namespace hangar {
namespace {

std::string shown(std::string_view text) {
  std::ostringstream out;
  out << listen_address(text, "admin.listen");
  return out.str();
}

TEST(ListenAddress, names_one_endpoint_and_without_a_host_loopback) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"127.0.0.1:9470", "127.0.0.1:9470"}, {"localhost:0", "127.0.0.1:0"},
      {":9470", "127.0.0.1:9470"},          {"0.0.0.0:65535", "0.0.0.0:65535"},
      {"[::1]:9470", "[::1]:9470"},         {"[::]:1", "[::]:1"},
  };
  for (const auto& [text, endpoint] : cases) EXPECT_EQ(shown(text), endpoint) << text;
}

TEST(ListenAddress, what_is_no_address_is_the_configurations_fault) {
  for (const char* text :
       {"9470", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
        "::1:9470", "[127.0.0.1]:1", "[]:1", "example.org:80", "http://127.0.0.1:80"}) {
    EXPECT_THROW(listen_address(text, "services.inlet.listen"), ConfigError) << text;
  }
}

TEST(ListenAddress, nobody_is_told_that_a_service_may_listen_nowhere) {
  try {
    listen_address("nowhere", "services.inlet.listen");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "services.inlet.listen: 'nowhere' is no address: write 127.0.0.1:9470 or "
                 "[::1]:9470, say");
  }
}

TEST(ListenAddress, a_port_that_is_too_large_is_called_so) {
  try {
    listen_address("127.0.0.1:99999", "admin.listen");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string{error.what()}.find("no valid port"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace hangar
