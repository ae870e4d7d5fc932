#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hangar::gateway {

/// What pages of other origins may do in a browser: the answers of the CORS middleware that
/// Prefect's server has (Starlette 1.10), for settings that are lists with commas.
class Cors {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  struct Answer {
    unsigned status = 200;
    std::string body = "OK";  ///< Plain text.
    Headers headers{};
  };

  /// What a browser asks before it sends a request.
  struct Preflight {
    std::string_view origin;
    std::string_view method;
    std::string_view headers;          ///< Empty when none is asked for.
    std::string_view private_network;  ///< Empty when it is not asked for.
  };

  Cors(std::string_view origins, std::string_view methods, std::string_view headers);

  [[nodiscard]] Answer answer(const Preflight& asked) const;
  /// What every other answer has; `origin` is empty when the request names none.
  [[nodiscard]] Headers headers(std::string_view origin) const;

 private:
  [[nodiscard]] bool allows_origin(std::string_view origin) const;
  [[nodiscard]] bool allows_headers(std::string_view names) const;

  std::vector<std::string> origins_;
  std::vector<std::string> methods_;
  std::vector<std::string> headers_;
  std::vector<std::string> lower_case_headers_;
  bool all_origins_;
  bool all_headers_;
};

}  // namespace hangar::gateway
