#include "post_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "prefect/field_reader.hpp"
#include "prefect/json/compact_json.hpp"
#include "sender.hpp"

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

using Events = std::vector<prefect::PublishedEvent>;

// An answer is in nobody's room: who does not read it must not make it hold much.
constexpr std::size_t most_repeated = 8192;
constexpr std::size_t longest_pointer = 1024;

bool is_json(std::string_view content_type) {
  std::string type{content_type.substr(0, content_type.find(';'))};
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::ranges::transform(type, type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  if (!type.starts_with("application/")) return false;
  const std::string_view subtype = std::string_view{type}.substr(type.find('/') + 1);
  return subtype == "json" || subtype.ends_with("+json");
}

/// What is wrong with the version of the API that a client wants; empty when nothing is.
std::string version_problem(std::string_view wanted) {
  constexpr std::array<int, 3> least{0, 8, 0};
  if (wanted.empty()) return {};
  std::array<int, 3> parts{};
  std::string_view rest = wanted;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), parts.at(i));
    rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()));
    const bool last = i + 1 == parts.size();
    const bool ends = last ? rest.empty() : rest.starts_with('.');
    if (read.ec != std::errc{} || !ends) {
      return fmt::format(
          "Invalid X-PREFECT-API-VERSION header format."
          "Expected header in format 'x.y.z' but received {}",
          wanted);
    }
    if (!last) rest.remove_prefix(1);
  }
  if (parts >= least) return {};
  return fmt::format(
      "The request specified API version {} but this server requires version 0.8.0 or higher.",
      wanted);
}

/// The body of a 422. `place` is a JSON list; `request` JSON too.
std::string invalid(std::string_view type, std::string_view place, std::string_view what,
                    std::string_view request) {
  std::string body = R"({"exception_message":"Invalid request received.","exception_detail":[)";
  body += fmt::format(R"({{"type":"{}","loc":{},"msg":)", type, place);
  prefect::append_compact_string(body, what);
  body += R"(}],"request_body":)";
  body += request;
  body += '}';
  return body;
}

std::string json_string(std::string_view text) {
  std::string json;
  prefect::append_compact_string(json, text);
  return json;
}

/// What a 422 repeats of the body: `made()`, which is JSON, unless it is large.
template <class Make>
std::string repeated(std::string_view body, Make&& made) {
  return body.size() <= most_repeated ? made() : "null";
}

/// `["body",2,"resource","prefect.resource.id"]` of `/2/resource/prefect.resource.id`.
std::string place_of(std::size_t index, std::string_view pointer) {
  std::string place = fmt::format(R"(["body",{})", index);
  pointer = pointer.substr(0, longest_pointer);
  const auto behind = pointer.find('/', std::min<std::size_t>(1, pointer.size()));
  pointer = behind == std::string_view::npos ? std::string_view{} : pointer.substr(behind + 1);
  while (!pointer.empty()) {
    const std::string_view part = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(std::min(pointer.size(), part.size() + 1));
    const bool number = part.find_first_not_of("0123456789") == std::string_view::npos;
    place += ',' + (number && !part.empty() ? std::string{part} : json_string(part));
  }
  return place + ']';
}

/// The events of the body, or the body of a 422.
std::optional<std::string> read_events(Intake& intake, std::string_view body,
                                       prefect::JsonValue root, Events& events) {
  const auto echo = [&] {
    return repeated(body, [&] {
      std::string json;
      prefect::append_compact_json(json, root);
      return json;
    });
  };
  if (!root.is(prefect::JsonValue::Kind::array)) {
    return invalid("list_type", R"(["body"])", "Input should be a valid list", echo());
  }
  std::optional<std::string> problem;
  root.each_element([&](prefect::JsonValue element) {
    if (problem) return;
    try {
      events.push_back(intake.event(element));
    } catch (const DataError& error) {
      problem =
          invalid("value_error", place_of(events.size(), error.pointer()), error.what(), echo());
    }
  });
  return problem;
}

/// What one request publishes, also when it is not waited for any more.
struct Publishing {
  Publishing() = default;
  Events events{};
  std::shared_ptr<Sender> sender{};
  bool given_up = false;
  bool begun = false;  ///< All of it.
};

asio::awaitable<void> publish_all(std::shared_ptr<Intake> intake,
                                  std::shared_ptr<Publishing> publishing) {
  for (prefect::PublishedEvent& event : publishing->events) {
    if (publishing->given_up) co_return;
    co_await intake->publish(std::move(event), publishing->sender);
  }
  publishing->begun = true;
  publishing->sender->wake();
}

asio::awaitable<bool> stored_within(const Publishing& publishing, Sender::Clock::time_point by) {
  Sender& sender = *publishing.sender;
  while (!publishing.begun && Sender::Clock::now() < by) co_await sender.next(by);
  if (!publishing.begun) co_return false;
  co_return co_await sender.wait(sender.begun(), by);
}

}  // namespace

asio::awaitable<void> respond_json(Exchange& exchange, unsigned status, std::string body) {
  co_await exchange.respond(status, "application/json", std::move(body));
}

asio::awaitable<void> respond_unavailable(Exchange& exchange) {
  exchange.add_header("Retry-After", "5");
  co_await respond_json(exchange, 503, R"({"exception_message":"Service Unavailable"})");
}

asio::awaitable<void> post_events(asio::any_io_executor executor, Exchange& exchange,
                                  std::shared_ptr<Intake> intake,
                                  std::chrono::milliseconds within) {
  const std::string& body = exchange.body();
  const std::string_view type = exchange.header("Content-Type");
  const auto publishing = std::make_shared<Publishing>();
  std::optional<std::string> problem;
  std::string version = version_problem(exchange.header("X-PREFECT-API-VERSION"));
  prefect::JsonValue root;
  const auto text = [&] { return repeated(body, [&] { return json_string(body); }); };
  const bool json = !body.empty() && (type.empty() || is_json(type));
  if (json) {
    try {
      root = intake->parse(body);
    } catch (const DataError& error) {
      problem = invalid("json_invalid", R"(["body",0])", error.what(), text());
      version.clear();  // Is not looked at then.
    }
  }
  if (!version.empty()) {
    co_await respond_json(exchange, 400, R"({"detail":)" + json_string(version) + '}');
    co_return;
  }
  if (body.empty()) {
    problem = invalid("missing", R"(["body"])", "Field required", "null");
  } else if (!json) {
    problem = invalid("list_type", R"(["body"])", "Input should be a valid list", text());
  } else if (!problem) {
    problem = read_events(*intake, body, root, publishing->events);
  }
  if (problem) {
    co_await respond_json(exchange, 422, std::move(*problem));
    co_return;
  }
  bool stored = false;
  if (!intake->stalled()) {
    publishing->sender = std::make_shared<Sender>(executor, exchange.peer());
    asio::co_spawn(
        executor,
        [intake, publishing]() -> asio::awaitable<void> {
          co_await publish_all(intake, publishing);
        },
        asio::detached);
    stored = co_await stored_within(*publishing, Sender::Clock::now() + within);
    publishing->given_up = true;
  }
  if (stored) {
    co_await exchange.respond(204, {}, {});
  } else {
    co_await respond_unavailable(exchange);
  }
}

}  // namespace hangar::gateway
