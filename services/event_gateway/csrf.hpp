#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/event.hpp"
#include "hangar/listener.hpp"
#include "hangar/service.hpp"
#include "hangar/table.hpp"

namespace hangar::gateway {

namespace csrf_token {
enum Column : std::size_t { id, created, updated, token, client, expiration };
}

/// Prefect's table of the tokens that its API has given to clients. The gateway only reads it.
const Table& csrf_token_table();

/// Whether Prefect's server asks a request of this method for a token, whatever its path is.
bool needs_csrf_token(std::string_view method) noexcept;

/// Whether one of the rows is this token of this client, and has not expired.
bool has_csrf_token(const Rows& stored, std::string_view client, std::string_view token,
                    Timestamp now);

/// Checks the CSRF tokens of requests as the CsrfMiddleware of Prefect's server does. For the
/// strand of the service.
class CsrfTokens : public std::enable_shared_from_this<CsrfTokens> {
 public:
  /// `host` outlives it, and its lane 0 reads the table. A request waits `within` for that.
  CsrfTokens(Context& host, std::chrono::milliseconds within);

  /// Whether the request needs no token or has the right one; else it is answered.
  boost::asio::awaitable<bool> admits(Exchange& exchange);
  /// Returns when nothing is read any more. No request may come then.
  boost::asio::awaitable<void> idle();

 private:
  struct Question;

  /// Whether the database has the token; none where it does not say so in time.
  boost::asio::awaitable<std::optional<bool>> knows(std::string client, std::string_view token);
  boost::asio::awaitable<void> answer_questions();
  boost::asio::awaitable<void> answer(const std::vector<std::shared_ptr<Question>>& asked);

  Context& host_;
  const std::chrono::milliseconds within_;
  std::vector<std::shared_ptr<Question>> waiting_;
  bool reading_ = false;
  Condition answered_;
};

}  // namespace hangar::gateway
