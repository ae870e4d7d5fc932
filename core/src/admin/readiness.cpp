#include "admin/readiness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nats/jetstream_health.hpp"

namespace hangar {
namespace {

std::string with_obstacle(std::string failure, const std::string& obstacle) {
  return obstacle.empty() ? failure : fmt::format("{}: {}", failure, obstacle);
}

std::string source_failure(const Snapshot::Source& source) {
  const auto trouble = static_cast<JetStreamHealth::Trouble>(source.trouble);
  if (const auto why = describe(trouble); !why.empty()) {
    return fmt::format("{} records nothing: {}", source.title, why);
  }
  if (!source.connected) return with_obstacle(source.title + " is not connected", source.obstacle);
  if (source.acks_denied) {
    return fmt::format("the user of {} may not publish to $JS.ACK.{}.{}.>, so nothing is acked",
                       source.title, source.stream, source.consumer);
  }
  if (source.pulls_denied) {
    return fmt::format(
        "the user of {} may not publish to CONSUMER.MSG.NEXT.{}.{} of JetStream's API, so "
        "nothing is recorded",
        source.title, source.stream, source.consumer);
  }
  if (source.letters_stuck) {
    return fmt::format(
        "{} dead letters of {} cannot be stored in HANGAR_DLQ, so nothing more is recorded: {}",
        source.letters, source.title, source.letters_obstacle);
  }
  if (source.letters_refused) {
    return fmt::format(
        "the stream HANGAR_DLQ cannot be made, or does not take each dead letter for good, so "
        "what {} cannot record waits: {}",
        source.title, source.letters_obstacle);
  }
  return {};
}

std::string connection_failure(const Snapshot::Connection& connection) {
  if (!connection.connected) {
    return with_obstacle(connection.title + " is not connected", connection.obstacle);
  }
  if (connection.obstacle.empty()) return {};
  return with_obstacle(connection.title + " cannot be used", connection.obstacle);
}

std::string nats_failure(const Snapshot& seen) {
  for (const auto& service : seen.services) {
    for (const auto& connection : service.connections) {
      if (std::string failure = connection_failure(connection); !failure.empty()) return failure;
    }
    for (const auto& source : service.sources) {
      if (std::string failure = source_failure(source); !failure.empty()) return failure;
    }
  }
  return {};
}

std::string storage_failure(const Snapshot::Storage& storage) {
  if (!storage.down) return {};
  return storage.last_error.empty() ? "it does not answer" : storage.last_error;
}

std::string service_failure(const Snapshot::Service& service) {
  if (service.state == ServiceState::running) return service.trouble;
  std::string why{to_string(service.state)};
  if (service.state == ServiceState::failed) why += ": " + service.last_error;
  if (service.state != ServiceState::starting) return why;
  for (const auto& source : service.sources) {
    // One that is not connected has said so.
    if (source.connected != 0 && !source.obstacle.empty())
      return with_obstacle(why, source.obstacle);
  }
  return why;
}

/// An error of several lines is still one line of the answer.
std::string in_one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

}  // namespace

Readiness::Readiness(const Snapshot& seen) {
  const auto stuck = seen.stuck_for.count();
  add("loop", stuck > 0 ? fmt::format("it has not ticked for {} s", stuck) : "");
  add("host", seen.draining ? "draining" : "");
  add("nats", nats_failure(seen));
  add_storage(seen);
  for (const auto& service : seen.services) add(service.name, service_failure(service));
}

void Readiness::add(std::string name, std::string failure) {
  checks_.push_back({std::move(name), in_one_line(std::move(failure))});
}

// What goes on without it must go on getting requests, which a host that is not ready gets no more.
void Readiness::add_storage(const Snapshot& seen) {
  const bool goes_on =
      std::ranges::all_of(seen.services, &Snapshot::Service::goes_on_without_storage);
  const std::string why = storage_failure(seen.storage);
  add("storage", goes_on ? "" : why);
  if (goes_on) checks_.back().lack = in_one_line(why);
}

bool Readiness::ready() const noexcept {
  return std::ranges::all_of(checks_, [](const Check& check) { return check.failure.empty(); });
}

std::string Readiness::text() const {
  std::string text;
  for (const Check& check : checks_) {
    if (!check.failure.empty()) {
      text += fmt::format("[-]{} failed: {}\n", check.name, check.failure);
    } else if (!check.lack.empty()) {
      text += fmt::format("[~]{} is away: {}\n", check.name, check.lack);
    } else {
      text += fmt::format("[+]{} ok\n", check.name);
    }
  }
  return text + (ready() ? "readyz check passed\n" : "readyz check failed\n");
}

}  // namespace hangar
