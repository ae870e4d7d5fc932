#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hangar/source.hpp"
#include "hangar/storage.hpp"
#include "jetstream/stream_info.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// What a JetStream account has and may have of streams of so many replicas; a limit of -1 or 0 is
/// none.
struct AccountInfo {
  std::int64_t streams = 0;
  std::int64_t max_streams = -1;
  std::int64_t storage = 0;  ///< Bytes that are used.
  std::int64_t max_storage = -1;
};
/// Reads an answer of `$JS.API.INFO`.
AccountInfo to_account_info(const boost::json::object& answer, std::int64_t replicas);

/// Whether the account has room for events and for so many streams more.
std::vector<Check> check_account(const AccountInfo& account, std::int64_t more_streams);

/// Of a stream that is not there; `domain` is that of the JetStream that was asked, or empty.
Check check_absent_stream(const std::string& stream, const std::string& domain);

/// Whether `hangar run` could make a stream of this name on the subject, which is not there. What
/// is made to see that is deleted.
boost::asio::awaitable<Check> check_creation(Link& link, const NatsConfig& nats, std::string stream,
                                             std::string subject, const std::string& domain);
/// The same of the consumer of a source.
boost::asio::awaitable<Check> check_consumer_creation(Link& link, const StreamInfo& stream,
                                                      const SourceOptions& source);
/// Whether this user may pull the events of the consumer, which is there, and ack them.
boost::asio::awaitable<std::vector<Check>> check_rights(Link& link, const SourceOptions& source);
/// Whether `hangar run` could make the stream of dead letters.
boost::asio::awaitable<Check> check_dead_letter_creation(Link& link, const NatsConfig& nats);

}  // namespace hangar
