#include "nats_connection.hpp"

#include <stdexcept>

namespace hangar::bench {

void check(natsStatus status) {
  if (status != NATS_OK) throw std::runtime_error{natsStatus_GetText(status)};
}

NatsConnection connect(const std::string& url) {
  natsConnection* connection = nullptr;
  check(natsConnection_ConnectTo(&connection, url.c_str()));
  return NatsConnection{connection};
}

NatsSubscription subscribe(natsConnection* connection, const std::string& subject) {
  natsSubscription* made = nullptr;
  check(natsConnection_SubscribeSync(&made, connection, subject.c_str()));
  NatsSubscription subscription{made};
  check(natsSubscription_SetPendingLimits(made, -1, -1));
  return subscription;
}

NatsMessage next(natsSubscription* subscription) {
  constexpr std::int64_t minute = 60'000;
  natsMsg* message = nullptr;
  check(natsSubscription_NextMsg(&message, subscription, minute));
  return NatsMessage{message};
}

}  // namespace hangar::bench
