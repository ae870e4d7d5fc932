// What a client says that it may: the first message over a WebSocket, or the header Authorization.
// Nobody passes who does not know the secret.
#include "auth.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/error.hpp"
#include "prefect/json/json_document.hpp"

namespace {

constexpr std::string_view secret = "admin:pass";
// Of characters that Base64 has in other places too, so that some guess it.
constexpr std::string_view short_secret = "a";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hangar;
  // Of its very size, so that a byte behind it is a fault.
  const std::vector<char> bytes{data, data + size};
  const std::string_view text{bytes.data(), size};
  const bool scheme = text.find("Basic") != std::string_view::npos;
  if (gateway::is_authorized(text, short_secret) && !scheme) __builtin_trap();
  if (gateway::is_authorized(text, secret) && (!scheme || size < 19)) __builtin_trap();
  static prefect::JsonDocument document;
  try {
    const prefect::JsonValue message = document.parse(text);
    const auto open = gateway::answer_to_auth(message, {});
    const auto closed = gateway::answer_to_auth(message, secret);
    using Kind = gateway::AuthAnswer::Kind;
    if (closed.kind == Kind::success && (open.kind != Kind::success || size < secret.size())) {
      __builtin_trap();
    }
    if ((open.kind == Kind::refused) != (open.reason == "Expected 'auth' message")) {
      __builtin_trap();
    }
  } catch (const DataError&) {
  }
  return 0;
}
