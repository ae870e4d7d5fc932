#pragma once

#include <nats/nats.h>

#include <memory>
#include <string>

namespace hangar::bench {

struct DestroyNats {
  void operator()(natsConnection* connection) const noexcept { natsConnection_Destroy(connection); }
  void operator()(natsSubscription* subscription) const noexcept {
    natsSubscription_Destroy(subscription);
  }
  void operator()(natsMsg* message) const noexcept { natsMsg_Destroy(message); }
};
using NatsConnection = std::unique_ptr<natsConnection, DestroyNats>;
using NatsSubscription = std::unique_ptr<natsSubscription, DestroyNats>;
using NatsMessage = std::unique_ptr<natsMsg, DestroyNats>;

/// Throws std::runtime_error.
void check(natsStatus status);

NatsConnection connect(const std::string& url);

/// Without a limit of messages or bytes that wait to be handled.
NatsSubscription subscribe(natsConnection* connection, const std::string& subject);

/// The next message, within a minute.
NatsMessage next(natsSubscription* subscription);

}  // namespace hangar::bench
