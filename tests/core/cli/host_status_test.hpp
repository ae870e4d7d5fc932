#pragma once

#include <stdexcept>
#include <utility>

#include "admin/status.hpp"
#include "cli/host_status.hpp"
#include "status/snapshot.hpp"

namespace hangar::cli {

/// As a host tells it.
inline HostStatus of_host(const Snapshot& seen) {
  auto host = parse_host_status("127.0.0.1:9470", status_json(seen));
  if (!host) throw std::logic_error{"that is no host"};
  return *std::move(host);
}

inline Snapshot busy() {
  Snapshot seen;
  seen.storage.type = "sqlite";
  seen.nats_urls = {"nats://a:4222"};
  auto& service = seen.services.emplace_back();
  service.name = "recorder";
  service.state = ServiceState::running;
  service.restarts = 2;
  auto& main = service.sources.emplace_back();
  main.name = "main";
  main.consumer = "durable";
  main.connected = 1;
  main.pending = 3400;
  main.ack_pending = 7;
  main.lag_seconds = 90;
  main.stored_letters = 5;
  main.acked = 8;
  main.rejected = 3;
  auto& other = service.sources.emplace_back(main);
  other.name = "other";
  other.stored_letters = 4;
  auto& idle = seen.services.emplace_back();
  idle.name = "idle";
  idle.state = ServiceState::running;
  return seen;
}

}  // namespace hangar::cli
