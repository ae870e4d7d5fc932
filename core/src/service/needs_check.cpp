#include "service/needs_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "hangar/error.hpp"
#include "http/listen_address.hpp"
#include "nats/subjects.hpp"

namespace hangar {
namespace {

// Each is a thread and a session.
constexpr std::size_t most_lanes = 256;
// What `ReaderConfig::batch_size` may be.
constexpr std::size_t most_messages = 10'000;

}  // namespace

std::string setting_of(std::string_view service, const ListensOn& listener) {
  return fmt::format("services.{}.{}", service, listener.setting);
}

void check_needs(std::string_view service, const Needs& needs) {
  const auto refuse = [&](std::string_view what) {
    throw ConfigError{fmt::format("services.{}: {}", service, what)};
  };
  if (std::ranges::count(needs.tables, nullptr) > 0) refuse("it needs a table that is null");
  if (!needs.tables.empty() && needs.lanes == 0) refuse("it needs tables, but no lane");
  if (needs.lanes > most_lanes) {
    refuse(fmt::format("it needs {} lanes, and {} are the most", needs.lanes, most_lanes));
  }
  for (const Publishes& target : needs.publishes) {
    if (target.stream.empty() || target.subject.empty()) {
      refuse("it publishes to a stream without a name or a subject");
    }
  }
  std::set<std::string> listeners;
  for (const ListensOn& wanted : needs.listens) {
    if (wanted.name.empty()) refuse("it listens without a name");
    if (!listeners.insert(wanted.name).second) {
      refuse(fmt::format("it listens twice as '{}'", wanted.name));
    }
    const std::string setting = setting_of(service, wanted);
    if (wanted.address.empty()) {
      throw ConfigError{fmt::format(
          "{}: it needs an address to listen on: write 127.0.0.1:0 for any free port", setting)};
    }
    static_cast<void>(listen_address(wanted.address, setting));
  }
  std::set<std::string> names;
  const auto check_name = [&](const std::string& name) {
    if (name.empty()) refuse("it reads a source without a name");
    if (!names.insert(name).second) refuse(fmt::format("it reads two sources named '{}'", name));
  };
  for (const LiveOptions& source : needs.live) {
    check_name(source.name);
    if (source.from_sequence == 0) {
      refuse(fmt::format("the source '{}' begins at position 0, and the first is 1", source.name));
    }
  }
  for (const SourceOptions& source : needs.reads) {
    check_name(source.name);
    if (source.batch_size == 0) {
      refuse(fmt::format("the source '{}' has batches of no message", source.name));
    }
    if (source.batch_size > most_messages) {
      refuse(fmt::format("the source '{}' has batches of {} messages, and {} are the most",
                         source.name, source.batch_size, most_messages));
    }
  }
  const std::string where = fmt::format("services.{}: ", service);
  std::set<std::string> durables;
  for (const Steers& consumer : needs.steers) {
    check_jetstream_name(consumer.stream, where + "the stream of a consumer that it steers");
    check_jetstream_name(consumer.durable, where + "a consumer that it steers");
    if (!durables.insert(consumer.durable).second) {
      refuse(fmt::format("it steers two consumers named '{}'", consumer.durable));
    }
  }
  std::set<std::string> leases;
  for (const std::string& lease : needs.leases) {
    // Such a name is one word of a subject.
    check_jetstream_name(lease, where + "a lease");
    if (!leases.insert(lease).second) refuse(fmt::format("it has two leases named '{}'", lease));
  }
}

Needs checked_needs(std::string_view service, const ServiceFactory& factory) {
  Needs needs = factory.needs();
  check_needs(service, needs);
  return needs;
}

Needs needs_or_none(const HostedService& service) {
  try {
    return service.needs();
  } catch (...) {
    return {};
  }
}

}  // namespace hangar
