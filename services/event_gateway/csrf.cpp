#include "csrf.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <utility>

#include "auth.hpp"
#include "hangar/error.hpp"
#include "out/unicode_text.hpp"
#include "post_events.hpp"
#include "prefect/present.hpp"

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

using Clock = std::chrono::steady_clock;

// Questions that one transaction answers.
constexpr std::size_t most_questions = 256;

constexpr std::array<std::size_t, 3> token_columns{csrf_token::token, csrf_token::client,
                                                   csrf_token::expiration};

Table make_csrf_token_table() {
  namespace c = csrf_token;
  return {
      .name = "csrf_token",
      .columns = {{"id", ColumnType::uuid, false},
                  {"created", ColumnType::timestamp, false, "now"},
                  {"updated", ColumnType::timestamp, false, "now"},
                  {"token", ColumnType::text, false},
                  {"client", ColumnType::text, false},
                  {"expiration", ColumnType::timestamp, false}},
      .indexes = {{.name = "uq_csrf_token__client", .parts = {{c::client}}, .unique = true},
                  {.name = "ix_csrf_token__updated", .parts = {{c::updated}}}},
      .made_since = "Prefect 3.4.7",
      .read_only = true,
  };
}

/// Prefect's server reads headers as ISO 8859-1.
std::string text_of_header(std::string_view header) {
  std::string text;
  for (const char c : header) append_utf8(text, static_cast<unsigned char>(c));
  return text;
}

asio::awaitable<void> forbid(Exchange& exchange, std::string detail) {
  co_await respond_json(exchange, 403, R"({"detail":")" + detail + R"("})");
}

}  // namespace

const Table& csrf_token_table() {
  static const Table table = make_csrf_token_table();
  return table;
}

bool needs_csrf_token(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

bool has_csrf_token(const Rows& stored, std::string_view client, std::string_view token,
                    Timestamp now) {
  namespace c = csrf_token;
  for (std::size_t row = 0; row < stored.size(); ++row) {
    const auto cells = stored[row];
    if (cells[c::client].text() != client || cells[c::expiration].timestamp() <= now) continue;
    return equals_secret(token, cells[c::token].text());
  }
  return false;
}

struct CsrfTokens::Question {
  Question(std::string of, std::string_view given) : client{std::move(of)}, token{given} {}
  std::string client;
  std::string token;
  bool answered = false;
  std::optional<bool> known;  ///< None where the table cannot be read.
};

CsrfTokens::CsrfTokens(Context& host, std::chrono::milliseconds within)
    : host_{host}, within_{within}, answered_{host.executor()} {}

asio::awaitable<bool> CsrfTokens::admits(Exchange& exchange) {
  if (!needs_csrf_token(exchange.method())) co_return true;
  const std::string_view token = exchange.header("Prefect-Csrf-Token");
  const std::string_view client = exchange.header("Prefect-Csrf-Client");
  std::optional<bool> known = false;
  if (token.empty()) {
    co_await forbid(exchange, "Missing CSRF token.");
  } else if (client.empty()) {
    co_await forbid(exchange, "Missing client identifier.");
  } else {
    known = co_await knows(text_of_header(client), token);
    if (!known) {
      co_await respond_unavailable(exchange);
    } else if (!*known) {
      exchange.add_header("Access-Control-Allow-Origin", "*");
      co_await forbid(exchange, "Invalid CSRF token or client identifier.");
    }
  }
  co_return known.value_or(false);
}

asio::awaitable<std::optional<bool>> CsrfTokens::knows(std::string client, std::string_view token) {
  const auto self = shared_from_this();
  const auto question = std::make_shared<Question>(std::move(client), token);
  const auto by = later(Clock::now(), within_);
  waiting_.push_back(question);
  if (!reading_) {
    reading_ = true;
    asio::co_spawn(
        host_.executor(), [self]() -> asio::awaitable<void> { co_await self->answer_questions(); },
        asio::detached);
  }
  while (!question->answered && Clock::now() < by) co_await answered_.wait_until(by);
  std::erase(waiting_, question);
  co_return question->known;
}

// One transaction at a time: while the storage is away, one waits for it.
asio::awaitable<void> CsrfTokens::answer_questions() {
  while (!waiting_.empty()) {
    const auto first = waiting_.begin();
    const auto last =
        first + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), most_questions));
    const std::vector<std::shared_ptr<Question>> asked{first, last};
    waiting_.erase(first, last);
    co_await answer(asked);
  }
  reading_ = false;
  answered_.wake_all();
}

asio::awaitable<void> CsrfTokens::answer(const std::vector<std::shared_ptr<Question>>& asked) {
  Keys clients{.columns = {csrf_token::client}, .values = {}};
  for (const auto& question : asked) {
    clients.values.emplace_back(std::string_view{question->client});
  }
  Rows stored{csrf_token_table()};
  const Callable<void(Session&)> work = [&](Session& session) {
    stored = session.find(csrf_token_table(), {&clients, 1}, token_columns, Lock::none);
  };
  try {
    co_await host_.transact(0, work);
    const Timestamp now = prefect::present();
    for (const auto& question : asked) {
      question->known = has_csrf_token(stored, question->client, question->token, now);
    }
  } catch (const TransientError& error) {
    host_.log().debug("{}", error.what());  // The host stops.
  } catch (const std::exception& error) {
    host_.log().warning("CSRF tokens cannot be read: {}", error.what());
  }
  for (const auto& question : asked) question->answered = true;
  answered_.wake_all();
}

asio::awaitable<void> CsrfTokens::idle() {
  while (reading_) co_await answered_.wait();
}

}  // namespace hangar::gateway
