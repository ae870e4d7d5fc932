#include "doctor/listener_check.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>

#include "hangar/error.hpp"
#include "http/tls_files.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using enum Check::Verdict;

Check certificate_check(const ListensOn& listener, const std::string& setting,
                        const std::string& what) {
  constexpr auto soon = std::chrono::hours{14 * 24};
  const auto expires = TlsFiles{setting, listener.tls_certificate, listener.tls_key}.expires();
  const auto left = expires - std::chrono::system_clock::now();
  const std::string said =
      fmt::format("the certificate in {} expires on {:%Y-%m-%d}", listener.tls_certificate,
                  fmt::gmtime(std::chrono::system_clock::to_time_t(expires)));
  if (left > soon) return {ok, what, said, {}};
  return {left.count() < 0 ? fail : warn, what, said, "renew it: new connections have the new one"};
}

/// What keeps us from the server.
boost::system::error_code failure_to_reach(const PassesOn& server) {
  asio::io_context context;
  boost::system::error_code failed;
  const auto found = asio::ip::tcp::resolver{context}.resolve(server.host, server.port, failed);
  if (failed) return failed;
  failed = asio::error::timed_out;
  asio::ip::tcp::socket socket{context};
  asio::async_connect(
      socket, found,
      [&failed](boost::system::error_code result, const auto& /*end*/) { failed = result; });
  context.run_for(std::chrono::seconds{3});
  return failed;
}

}  // namespace

std::vector<Check> check_listener(const ListensOn& listener, const std::string& setting,
                                  const std::string& what) {
  std::vector<Check> checks;
  try {
    if (!listener.tls_certificate.empty()) {
      checks.push_back(certificate_check(listener, setting, what));
    }
  } catch (const ConfigError& error) {
    checks.push_back({fail, what, error.what(), {}});
  }
  const PassesOn& server = listener.passes_on;
  if (server.host.empty()) return checks;
  const auto failed = failure_to_reach(server);
  const std::string said =
      fmt::format("what is not its own goes to {}:{}", server.host, server.port);
  if (failed) {
    checks.push_back({warn, what,
                      fmt::format("{}, which cannot be reached: {}", said, failed.message()),
                      "such requests are answered 502 until it can"});
  } else {
    checks.push_back({ok, what, said, {}});
  }
  return checks;
}

}  // namespace hangar
