#include "admin/status.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>

#include "admin/readiness.hpp"
#include "hangar/version.hpp"

namespace json = boost::json;

namespace hangar {
namespace {

json::value when(Snapshot::Time time) {
  if (time == Snapshot::Time{}) return nullptr;
  return json::value(fmt::format("{:%Y-%m-%dT%H:%M:%S}Z",
                                 fmt::gmtime(std::chrono::system_clock::to_time_t(time))));
}

json::value nullable(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object counters(const Snapshot::Source& source) {
  return {{"received", source.received},
          {"redelivered", source.redelivered},
          {"acked", source.acked},
          {"nacked", source.nacked},
          {"rejected", source.rejected},
          {"abandoned", source.abandoned},
          {"held", source.held},
          {"held_bytes", source.held_bytes},
          {"reconnects", source.reconnects}};
}

json::object describe(const Snapshot::Service& service) {
  json::object sources;
  for (const auto& source : service.sources) {
    sources[source.name] = {{"stream", source.stream},
                            {"consumer", source.consumer},
                            {"connected", source.connected != 0},
                            {"pending", source.pending},
                            {"ack_pending", source.ack_pending},
                            {"lag_seconds", source.lag_seconds},
                            {"counters", counters(source)}};
  }
  json::object connections;
  for (const auto& connection : service.connections) {
    connections[connection.name] = {{"connected", connection.connected},
                                    {"obstacle", nullable(connection.obstacle)}};
  }
  json::object listeners;
  for (const auto& [name, address] : service.listeners) listeners[name] = {{"address", address}};
  return {{"version", service.version},
          {"state", to_string(service.state)},
          {"since", when(service.since)},
          {"last_error", nullable(service.last_error)},
          {"restarts", service.restarts},
          {"sources", std::move(sources)},
          {"connections", std::move(connections)},
          {"listeners", std::move(listeners)}};
}

/// What is not as it should be, by the name of the check.
json::object failures(const Readiness& readiness) {
  json::object failed;
  for (const Readiness::Check& check : readiness.checks()) {
    if (!check.failure.empty()) failed[check.name] = check.failure;
  }
  return failed;
}

}  // namespace

std::uint64_t dead_letters(const Snapshot& seen) {
  std::uint64_t most = 0;
  for (const auto& service : seen.services) {
    for (const auto& source : service.sources) most = std::max(most, source.stored_letters);
  }
  return most;
}

std::string status_json(const Snapshot& seen) {
  json::object services;
  for (const auto& service : seen.services) services[service.name] = describe(service);
  json::array urls;
  for (const std::string& url : seen.nats_urls) urls.emplace_back(url);
  const bool connected = std::ranges::all_of(seen.services, [](const auto& service) {
    return std::ranges::all_of(service.sources, &Snapshot::Source::connected) &&
           std::ranges::all_of(service.connections, &Snapshot::Connection::connected);
  });
  const Readiness readiness{seen};
  const json::object status{{"version", version},
                            {"ready", readiness.ready()},
                            {"failures", failures(readiness)},
                            {"draining", seen.draining},
                            {"services", services},
                            {"dead_letters", dead_letters(seen)},
                            {"storage",
                             {{"type", seen.storage.type},
                              {"down", seen.storage.down},
                              {"last_error", nullable(seen.storage.last_error)},
                              {"last_error_at", when(seen.storage.last_error_at)}}},
                            {"nats", {{"urls", urls}, {"connected", connected}}}};
  return json::serialize(status) + '\n';
}

}  // namespace hangar
