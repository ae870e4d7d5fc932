#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "hangar/needs.hpp"
#include "hangar/storage.hpp"
#include "jetstream/stream_info.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// Whether the stream takes all that a service publishes.
Check check_target(const StreamInfo& stream, const std::string& service, const Publishes& target);

/// What of a live source's rights this user has not; nothing is made.
boost::asio::awaitable<std::vector<Check>> check_live(Link& link, const std::string& service,
                                                      const LiveOptions& live);

/// Of a consumer that a service steers: whether it is there, and whether this user may read and
/// change it. Changes nothing.
boost::asio::awaitable<std::vector<Check>> check_steered(Link& link, const std::string& service,
                                                         const Steers& steered);

struct LeaseChecks {
  std::vector<Check> checks;
  bool makes_stream = false;  ///< `hangar run` is to make their stream, and can.
};
/// Whether the stream of leases is there or can be made, and this user may read and write those of
/// the service. Changes nothing but what is made to see that and deleted.
boost::asio::awaitable<LeaseChecks> check_leases(Link& link, const NatsConfig& nats,
                                                 const std::string& service,
                                                 const std::vector<std::string>& leases);

}  // namespace hangar
