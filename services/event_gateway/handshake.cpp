#include "handshake.hpp"

#include <cstdint>
#include <string>

#include "auth.hpp"
#include "hangar/error.hpp"
#include "prefect/json/json_document.hpp"

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

constexpr std::uint16_t policy_violation = 1008;

AuthAnswer answer_to(const WebSocketFrame& frame, std::string_view secret) {
  AuthAnswer answer;
  answer.kind = AuthAnswer::Kind::dropped;
  if (frame.kind != WebSocketFrame::Kind::text) return answer;
  try {
    prefect::JsonDocument document;
    return answer_to_auth(document.parse(frame.data), secret);
  } catch (const DataError&) {  // No JSON: as Prefect, without a word.
    return answer;
  }
}

}  // namespace

asio::awaitable<bool> authenticate(WebSocket& socket, const WebSocketFrame& frame,
                                   std::string_view secret) {
  const AuthAnswer answer = answer_to(frame, secret);
  if (answer.kind == AuthAnswer::Kind::refused) {
    co_await socket.close(policy_violation, std::string{answer.reason});
  }
  const bool known = answer.kind == AuthAnswer::Kind::success;
  if (known) co_await socket.write(R"({"type":"auth_success"})");
  co_return known;
}

}  // namespace hangar::gateway
