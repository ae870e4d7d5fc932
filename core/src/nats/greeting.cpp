#include "nats/greeting.hpp"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <exception>

#include "hangar/error.hpp"
#include "nats/remedy.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

constexpr std::chrono::seconds patience{5};
constexpr std::size_t longest_line = 64U << 10U;

asio::awaitable<std::string> first_line(const Endpoint& server) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver{executor};
  const auto addresses = co_await resolver.async_resolve(server.host, std::to_string(server.port),
                                                         asio::use_awaitable);
  asio::ip::tcp::socket socket{executor};
  co_await asio::async_connect(socket, addresses, asio::use_awaitable);
  std::string line;
  const std::size_t length = co_await asio::async_read_until(
      socket, asio::dynamic_buffer(line, longest_line), '\n', asio::use_awaitable);
  line.resize(length);
  co_return line;
}

}  // namespace

Greeting parse_greeting(std::string_view line) {
  constexpr std::string_view begin = "INFO ";
  boost::system::error_code failed;
  const json::value value =
      line.starts_with(begin) ? json::parse(line.substr(begin.size()), failed) : json::value{};
  if (failed || !value.is_object()) throw Error{"it is no NATS server"};
  const json::object& told = value.as_object();
  Greeting greeting{.version = text_member(told, "version"),
                    .cluster = text_member(told, "cluster")};
  greeting.domain = text_member(told, "domain");
  greeting.server_name = text_member(told, "server_name");
  greeting.max_payload = static_cast<std::uint64_t>(integer_member(told, "max_payload"));
  greeting.jetstream = flag_member(told, "jetstream");
  return greeting;
}

Greeting greeting_of(const Endpoint& server) {
  asio::io_context context{1};
  std::exception_ptr failure;
  std::string line;
  asio::co_spawn(context, first_line(server), [&](std::exception_ptr error, std::string read) {
    failure = std::move(error);
    line = std::move(read);
  });
  std::string why = "no greeting within 5 s";
  context.run_for(patience);
  try {
    if (failure) std::rethrow_exception(failure);
    if (!line.empty()) return parse_greeting(line);
  } catch (const boost::system::system_error& error) {
    why = error.code() == asio::error::eof ? tls_first_remedy() : error.code().message();
  } catch (const std::exception& error) {
    why = error.what();
  }
  throw TransientError{fmt::format("{}: {}", server.address(), why),
                       TransientError::Retry::reconnect};
}

}  // namespace hangar
