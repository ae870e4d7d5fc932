#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "prefect/json/json_document.hpp"

namespace hangar::gateway {

/// Whether both are the same text; takes as long whatever they hold.
bool equals_secret(std::string_view given, std::string_view secret) noexcept;

/// Whether the header `Authorization` is the scheme `Basic` and the Base64 of the secret.
bool is_authorized(std::string_view header, std::string_view secret);

/// What Prefect's server answers to the first message over a WebSocket.
struct AuthAnswer {
  enum class Kind {
    success,
    refused,  ///< A Close 1008 with this reason.
    dropped,  ///< The connection ends without a word.
  };
  Kind kind = Kind::success;
  std::string_view reason{};
};

/// `secret` is empty when nobody is asked for one.
AuthAnswer answer_to_auth(prefect::JsonValue message, std::string_view secret);

}  // namespace hangar::gateway
