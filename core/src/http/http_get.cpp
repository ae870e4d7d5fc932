#include "http/http_get.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <sstream>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace hangar {
namespace {

constexpr std::uint64_t longest_answer = 1U << 20U;

/// Each step begins the next one; what fails ends it.
class Get {
 public:
  Get(asio::io_context& context, const asio::ip::tcp::endpoint& server, const std::string& target)
      : stream_{context}, request_{http::verb::get, target, 11} {
    std::ostringstream name;
    name << server;
    request_.set(http::field::host, name.str());
    request_.set(http::field::connection, "close");
    parser_.body_limit(longest_answer);
    stream_.async_connect(server, [this](beast::error_code failed) {
      if (!failed) write();
    });
  }

  [[nodiscard]] std::optional<HttpAnswer> answer() const {
    if (!done_) return std::nullopt;
    return HttpAnswer{parser_.get().result_int(), parser_.get().body()};
  }

 private:
  void write() {
    http::async_write(stream_, request_, [this](beast::error_code failed, std::size_t /*sent*/) {
      if (!failed) read();
    });
  }
  void read() {
    http::async_read(stream_, buffer_, parser_,
                     [this](beast::error_code failed, std::size_t /*came*/) { done_ = !failed; });
  }

  beast::tcp_stream stream_;
  http::request<http::empty_body> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  bool done_ = false;
};

}  // namespace

std::optional<HttpAnswer> http_get(const asio::ip::tcp::endpoint& server, const std::string& target,
                                   std::chrono::milliseconds within) {
  asio::io_context context;
  Get get{context, server, target};
  context.run_for(within);
  return get.answer();
}

}  // namespace hangar
