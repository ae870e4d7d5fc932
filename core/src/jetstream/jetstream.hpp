#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hangar/publisher.hpp"
#include "hangar/source.hpp"
#include "jetstream/jetstream_refusal.hpp"
#include "nats/link.hpp"

namespace hangar {

/// What JetStream said: an object, or an error with its code.
struct JetStreamAnswer {
  boost::json::object body;
  std::int64_t code = 0;  ///< 0 when it is no error, else as in HTTP.
  std::int64_t error_code = 0;
  std::string description;
  bool embedded = false;  ///< Whether the embedded server said it.

  [[nodiscard]] bool ok() const noexcept { return code == 0; }
  /// Not there, as opposed to not allowed or not possible.
  [[nodiscard]] bool not_found() const noexcept {
    return error_code == jetstream_error::consumer_not_found ||
           error_code == jetstream_error::stream_not_found ||
           error_code == jetstream_error::no_message_found;
  }
};

/// What an answer tells about the service that the server gives.
JetStreamHealth::Trouble trouble_of(const JetStreamAnswer& answer) noexcept;

/// Reads an answer; one that is not JSON is an error with code 500.
JetStreamAnswer parse_jetstream_answer(std::string_view body);
/// The same of a reply that has one.
JetStreamAnswer read_jetstream_answer(const Link& link, const Link::Reply& reply);
/// What a stream confirms: that it has a message, and where. Nothing for a refusal, nor for an
/// answer without a stream or a position, by which nats-server 2.10 says that the same id is still
/// on its way to the other servers of its cluster.
std::optional<PubAck> pub_ack(const JetStreamAnswer& answer);
/// The usual answer of a stream, `{"stream":"…", "seq":1}`, which comes for each message: a parser
/// costs more than all else that is done with it. Nothing for any other.
std::optional<PubAck> plain_pub_ack(std::string_view text);

/// Calls JetStream's API. Throws TransientError, which names what to look at, when nobody answers;
/// DeniedError at once when the server does not let this user ask or be answered.
boost::asio::awaitable<JetStreamAnswer> call_jetstream(Link& link, std::string call,
                                                       boost::json::object request = {});

/// The domain of the JetStream that answers; empty when it has none, or this user may not ask.
/// Throws TransientError when nobody serves the API.
boost::asio::awaitable<std::string> jetstream_domain(Link& link);
/// The same in an answer of its that was asked for already.
std::string domain_in(const JetStreamAnswer& info);

/// The part of an answer of INFO that is for streams of so many replicas: of an account whose
/// limits are in tiers that tier (R1, R3), empty when there is none; else all of it.
const boost::json::object& tier_of(const boost::json::object& account, std::int64_t replicas);

/// Throws what a refusal means: ConfigError when it lasts until a person has changed something,
/// else TransientError, with `refusal_text` of this stream. `doing` begins the sentence.
[[noreturn]] void throw_jetstream_error(const JetStreamAnswer& answer, std::string_view doing,
                                        std::string_view stream);

}  // namespace hangar
