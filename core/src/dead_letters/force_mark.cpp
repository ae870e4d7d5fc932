#include "dead_letters/force_mark.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <string_view>

#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/stream_setup.hpp"
#include "text/base64.hpp"
#include "text/number.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

// Beside the letters' subjects, none of which has a fourth word.
std::string subject_of(std::string_view service) {
  return fmt::format("hangar.dlq.force.{}", service);
}

}  // namespace

asio::awaitable<void> store_force_mark(Link& link, std::string service, ForceMark mark) {
  const Link::Reply reply = co_await link.request(
      subject_of(service), std::to_string(mark.time_since_epoch().count()), Headers{});
  if (reply.fate == Link::Reply::Fate::no_responders) {
    throw Error{fmt::format("there is no stream {}: no host has run here yet", dead_letter_stream)};
  }
  if (reply.fate == Link::Reply::Fate::denied) throw DeniedError{reply.why};
  if (reply.fate != Link::Reply::Fate::answered) {
    throw TransientError{fmt::format("NATS: no answer: {}", link.last_trouble()),
                         TransientError::Retry::reconnect};
  }
  const JetStreamAnswer answer = read_jetstream_answer(link, reply);
  if (answer.ok() && answer.body.contains("seq")) co_return;
  throw Error{
      fmt::format("stream {}: {}", dead_letter_stream, refusal_text(answer, dead_letter_stream))};
}

asio::awaitable<std::optional<ForceMark>> read_force_mark(Link& link, std::string service) {
  try {
    json::object request{{"last_by_subj", subject_of(service)}};
    const JetStreamAnswer answer = co_await call_jetstream(
        link, fmt::format("STREAM.MSG.GET.{}", dead_letter_stream), std::move(request));
    if (!answer.ok()) co_return std::nullopt;
    const json::object& message = answer.body.at("message").as_object();
    const auto count =
        parse_number<std::int64_t>(decode_base64(std::string{message.at("data").as_string()}));
    if (!count) co_return std::nullopt;
    co_return ForceMark{std::chrono::nanoseconds{*count}};
  } catch (const std::exception&) {
    co_return std::nullopt;  // asked again
  }
}

}  // namespace hangar
