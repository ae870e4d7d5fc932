#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/string_type.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string_view>

#include "http/http_server.hpp"
#include "http/http_stream.hpp"

namespace hangar {

/// Beast's own view, of a type that differs between releases of Boost.
inline std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

/// A reply as it is sent.
HttpResponse http_response(HttpReply reply, bool keep_alive);

/// Whether a request that failed to be read comes from somebody who can be told so.
bool is_answerable(boost::beast::error_code failed);

/// Lets the other side read its answer before the connection is reset for what it still sends.
boost::asio::awaitable<void> linger(HttpStream& stream);
boost::asio::awaitable<void> linger(boost::beast::tcp_stream& stream);

}  // namespace hangar
