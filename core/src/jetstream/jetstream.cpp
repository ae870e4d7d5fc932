#include "jetstream/jetstream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "nats/subjects.hpp"
#include "text/json_member.hpp"
#include "text/number.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

constexpr std::chrono::milliseconds ask_for_domain_within{2000};

[[noreturn]] void throw_unanswered(const Link& link, const Link::Reply& reply,
                                   std::string_view subject) {
  using Fate = Link::Reply::Fate;
  const Fate fate = reply.fate;
  if (fate == Fate::denied) throw DeniedError{reply.why};
  std::string why = link.last_trouble().empty() ? "the connection was lost" : link.last_trouble();
  if (fate == Fate::no_responders) {
    why = link.api("") == server_api
              ? "nobody serves it: is JetStream enabled (`jetstream {}` in the server's "
                "configuration)?"
              : "nobody serves it: do nats.domain and nats.api_prefix name what there is, and is "
                "the leaf node connected?";
  } else if (fate == Fate::timed_out) {
    why = fmt::format("no answer within 5 s: may this user publish there and subscribe to {}.>?",
                      link.inbox_prefix());
    if (!link.last_trouble().empty()) why += fmt::format(" ({})", link.last_trouble());
  }
  throw TransientError{fmt::format("NATS: {}: {}", subject, why), TransientError::Retry::backoff};
}

JetStreamHealth::Trouble trouble_of(const Link::Reply& reply) noexcept {
  if (reply.fate == Link::Reply::Fate::no_responders)
    return JetStreamHealth::Trouble::no_responders;
  return reply.fate == Link::Reply::Fate::denied ? JetStreamHealth::Trouble::denied
                                                 : JetStreamHealth::Trouble::unanswered;
}

}  // namespace

JetStreamHealth::Trouble trouble_of(const JetStreamAnswer& answer) noexcept {
  switch (answer.error_code) {
    case jetstream_error::cluster_not_available:
      return JetStreamHealth::Trouble::unavailable;
    case jetstream_error::not_enabled_for_account:
    case jetstream_error::not_enabled:
      return JetStreamHealth::Trouble::no_responders;
    default:
      return JetStreamHealth::Trouble::none;
  }
}

JetStreamAnswer parse_jetstream_answer(std::string_view body) {
  JetStreamAnswer answer;
  boost::system::error_code failed;
  json::value value = json::parse(body, failed);
  if (failed || !value.is_object()) {
    answer.code = 500;
    answer.description = "the answer is not JSON";
    return answer;
  }
  answer.body = std::move(value.as_object());
  if (const json::value* error = answer.body.if_contains("error"); error && error->is_object()) {
    const json::object& told = error->as_object();
    answer.code = integer_member(told, "code");
    if (answer.code == 0) answer.code = 500;
    answer.error_code = integer_member(told, "err_code");
    answer.description = text_member(told, "description");
  }
  return answer;
}

JetStreamAnswer read_jetstream_answer(const Link& link, const Link::Reply& reply) {
  JetStreamAnswer answer = parse_jetstream_answer(body_of(*reply.message));
  answer.embedded = link.embedded();
  return answer;
}

std::optional<PubAck> pub_ack(const JetStreamAnswer& answer) {
  const std::int64_t sequence = integer_member(answer.body, "seq");
  std::string stream = text_member(answer.body, "stream");
  if (!answer.ok() || stream.empty() || sequence <= 0) return std::nullopt;
  return PubAck{.stream = std::move(stream),
                .sequence = static_cast<std::uint64_t>(sequence),
                .duplicate = flag_member(answer.body, "duplicate")};
}

std::optional<PubAck> plain_pub_ack(std::string_view text) {
  const auto skip = [&](std::string_view part) {
    if (!text.starts_with(part)) return false;
    text.remove_prefix(part.size());
    return true;
  };
  if (!skip(R"({"stream":")")) return std::nullopt;
  const std::string_view stream = text.substr(0, text.find_first_of("\"\\"));
  text.remove_prefix(stream.size());
  if (!skip(R"(", "seq":)") && !skip(R"(","seq":)")) return std::nullopt;
  const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto sequence = parse_number<std::uint64_t>(digits);
  text.remove_prefix(digits.size());
  const bool duplicate = skip(R"(,"duplicate": true)") || skip(R"(,"duplicate":true)");
  if (!sequence || *sequence == 0 || stream.empty() || text != "}") return std::nullopt;
  return PubAck{.stream = std::string{stream}, .sequence = *sequence, .duplicate = duplicate};
}

asio::awaitable<JetStreamAnswer> call_jetstream(Link& link, std::string call,
                                                json::object request) {
  const std::string subject = link.api(call);
  std::string body = request.empty() ? std::string{} : json::serialize(request);
  const auto sent = std::chrono::steady_clock::now();
  const Link::Reply reply = co_await link.request(subject, std::move(body));
  if (reply.fate != Link::Reply::Fate::answered) {
    if (reply.fate != Link::Reply::Fate::disconnected) link.judge(trouble_of(reply), sent);
    throw_unanswered(link, reply, subject);
  }
  JetStreamAnswer answer = read_jetstream_answer(link, reply);
  // Of several calls a cut-off server may still answer some, so that only whole rounds of them are
  // a proof of service.
  const JetStreamHealth::Trouble trouble = trouble_of(answer);
  if (trouble != JetStreamHealth::Trouble::none) link.judge(trouble, sent);
  co_return answer;
}

asio::awaitable<std::string> jetstream_domain(Link& link) {
  const std::string subject = link.api("INFO");
  const Link::Reply reply = co_await link.request(subject, {}, {}, ask_for_domain_within);
  if (reply.fate == Link::Reply::Fate::no_responders) {
    throw_unanswered(link, reply, subject);
  }
  if (reply.fate != Link::Reply::Fate::answered) co_return std::string{};
  co_return domain_in(read_jetstream_answer(link, reply));
}

std::string domain_in(const JetStreamAnswer& info) { return text_member(info.body, "domain"); }

const json::object& tier_of(const json::object& account, std::int64_t replicas) {
  const json::object& tiers = object_member(account, "tiers");
  return tiers.empty() ? account : object_member(tiers, fmt::format("R{}", replicas));
}

void throw_jetstream_error(const JetStreamAnswer& answer, std::string_view doing,
                           std::string_view stream) {
  const std::string text = fmt::format("{}: {}", doing, refusal_text(answer, stream));
  if (refused_for_good(answer)) throw ConfigError{text};
  throw TransientError{text, TransientError::Retry::backoff};
}

}  // namespace hangar
