#include "service/needs_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "hangar/error.hpp"
#include "hangar/table.hpp"
#include "http/listen_address.hpp"
#include "nats/subjects.hpp"

namespace hangar {

std::string setting_of(std::string_view service, const ListensOn& listener) {
  return fmt::format("services.{}.{}", service, listener.setting);
}

namespace {

// Each is a thread and a session.
constexpr std::size_t most_lanes = 256;
// What `ReaderConfig::batch_size` may be.
constexpr std::size_t most_messages = 10'000;

using Names = std::set<std::string>;

/// Throws ConfigError, which begins with the service.
class NeedsCheck {
 public:
  explicit NeedsCheck(std::string_view service) : where_{fmt::format("services.{}: ", service)} {}

  void check(const Needs& needs, std::string_view service) const;

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    throw ConfigError{where_ + std::string{what}};
  }
  /// A second one of the name is refused with `twice`.
  void once(Names& names, std::string name, std::string_view twice) const {
    if (!names.insert(name).second) refuse(fmt::format("{} '{}'", twice, name));
  }
  void check_tables(const Needs& needs) const;
  void check_expiry(const Needs& needs) const;
  void check_targets(const Needs& needs) const;
  void check_listeners(const Needs& needs, std::string_view service) const;
  void check_sources(const Needs& needs) const;
  void check_consumers_and_leases(const Needs& needs) const;

  std::string where_;
};

void NeedsCheck::check(const Needs& needs, std::string_view service) const {
  check_tables(needs);
  check_expiry(needs);
  check_targets(needs);
  check_listeners(needs, service);
  check_sources(needs);
  check_consumers_and_leases(needs);
}

void NeedsCheck::check_tables(const Needs& needs) const {
  Names names;
  for (const Table* table : needs.tables) {
    if (table == nullptr) refuse("it needs a table that is null");
    if (table->name.empty()) refuse("it needs a table without a name");
    once(names, std::string{table->name}, "it needs two tables named");
  }
  if (!needs.tables.empty() && needs.lanes == 0) refuse("it needs tables, but no lane");
  const std::size_t lanes = needs.lanes + needs.background_lanes;
  if (lanes > most_lanes) {
    refuse(fmt::format("it needs {} lanes, and {} are the most", lanes, most_lanes));
  }
}

void NeedsCheck::check_expiry(const Needs& needs) const {
  for (const Expires& rows : needs.expires) {
    if (std::ranges::find(needs.tables, rows.table) == needs.tables.end()) {
      refuse("rows expire of a table that it does not need");
    }
    const auto& columns = rows.table->columns;
    const auto is_of = [&](std::size_t column, ColumnType type) {
      return column < columns.size() && columns[column].type == type;
    };
    if (!is_of(rows.column, ColumnType::timestamp) ||
        (rows.where && !is_of(*rows.where, ColumnType::text))) {
      refuse(fmt::format("rows of {} expire by a timestamp, and where a text is something",
                         rows.table->name));
    }
  }
}

void NeedsCheck::check_targets(const Needs& needs) const {
  Names names;
  for (const Publishes& target : needs.publishes) {
    if (target.stream.empty() || target.subject.empty()) {
      refuse("it publishes to a stream without a name or a subject");
    }
    check_jetstream_name(target.stream, where_ + "a stream that it publishes to");
    check_filter_subject(target.subject, where_ + "what it publishes on");
    once(names, fmt::format("{} on {}", target.stream, target.subject), "it publishes twice to");
  }
}

void NeedsCheck::check_listeners(const Needs& needs, std::string_view service) const {
  Names names;
  for (const ListensOn& wanted : needs.listens) {
    if (wanted.name.empty()) refuse("it listens without a name");
    once(names, wanted.name, "it listens twice as");
    const std::string setting = setting_of(service, wanted);
    if (wanted.address.empty()) {
      throw ConfigError{fmt::format(
          "{}: it needs an address to listen on: write 127.0.0.1:0 for any free port", setting)};
    }
    static_cast<void>(listen_address(wanted.address, setting));
  }
}

void NeedsCheck::check_sources(const Needs& needs) const {
  Names names;
  const auto check_name = [&](const std::string& name) {
    if (name.empty()) refuse("it reads a source without a name");
    once(names, name, "it reads two sources named");
  };
  for (const LiveOptions& source : needs.live) {
    check_name(source.name);
    if (source.from_sequence == 0) {
      refuse(fmt::format("the source '{}' begins at position 0, and the first is 1", source.name));
    }
    check_jetstream_name(source.stream, where_ + "a stream that it sees go by");
    check_filter_subject(source.filter_subject, where_ + "what it sees go by");
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
}

void NeedsCheck::check_consumers_and_leases(const Needs& needs) const {
  Names consumers;
  for (const Steers& consumer : needs.steers) {
    check_jetstream_name(consumer.stream, where_ + "the stream of a consumer that it steers");
    check_jetstream_name(consumer.durable, where_ + "a consumer that it steers");
    once(consumers, consumer.durable, "it steers two consumers named");
  }
  Names leases;
  for (const std::string& lease : needs.leases) {
    // Such a name is one word of a subject.
    check_jetstream_name(lease, where_ + "a lease");
    once(leases, lease, "it has two leases named");
  }
  Names watched;
  for (const std::string& stream : needs.watches) {
    check_jetstream_name(stream, where_ + "a stream whose consumers it watches");
    once(watched, stream, "it watches twice the stream");
  }
}

}  // namespace

void check_needs(std::string_view service, const Needs& needs) {
  NeedsCheck{service}.check(needs, service);
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
