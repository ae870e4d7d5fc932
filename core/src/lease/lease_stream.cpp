#include "lease/lease_stream.hpp"

#include <fmt/format.h>

namespace hangar {

StreamConfig lease_config(const NatsConfig& nats) {
  StreamConfig wanted{lease_stream, "hangar.lease.>"};
  wanted.replicas = nats.replicas;
  wanted.max_messages_per_subject = 1;
  // Some accounts want a limit; more than there are leases.
  wanted.max_bytes = 1 << 20;
  return wanted;
}

std::string lease_subject(std::string_view service, std::string_view lease) {
  return fmt::format("hangar.lease.{}.{}", service, lease);
}

}  // namespace hangar
