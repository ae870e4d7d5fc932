#include "status/status_board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "config/mask_url.hpp"

namespace hangar {
namespace {

Snapshot::Time now_in_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

void add(const SourceCounters& from, Snapshot::Source& to) {
  using Of = Snapshot::Source;
  for (std::size_t i = 0; i < Of::sums.size(); ++i) {
    to.*Of::sums.at(i) += (from.*SourceCounters::sums.at(i)).value();
  }
  for (std::size_t i = 0; i < Of::latest.size(); ++i) {
    to.*Of::latest.at(i) = (from.*SourceCounters::latest.at(i)).value();
  }
  to.obstacle = mask_url(from.obstacle.value());
  to.letters_obstacle = mask_url(from.letters_obstacle.value());
  const auto connections = from.connections.value();
  to.reconnects += connections > 0 ? connections - 1 : 0;
  const auto stored = from.oldest_unacked.value();
  const auto now = static_cast<std::uint64_t>(now_in_seconds().time_since_epoch().count());
  to.lag_seconds = stored > 0 && now > stored ? now - stored : 0;
}

}  // namespace

StatusBoard::StatusBoard(Clock::time_point now) : alive_until_{now + start_limit} {}

StatusBoard::Entry* StatusBoard::find(std::string_view service) {
  const auto same = [&](const Entry& entry) { return entry.service.name == service; };
  const auto found = std::ranges::find_if(entries_, same);
  return found == entries_.end() ? nullptr : &*found;
}

void StatusBoard::add_service(std::string name, std::string release, const Needs& needs) {
  const std::scoped_lock lock{mutex_};
  Entry& entry = entries_.emplace_back();
  entry.service.name = std::move(name);
  entry.service.version = std::move(release);
  entry.service.since = now_in_seconds();
  entry.service.goes_on_without_storage = needs.tables.empty() || needs.tables_can_wait;
  const auto add_one = [&](const std::string& called, const std::string& stream,
                           const std::string& consumer) {
    Snapshot::Source& source = entry.service.sources.emplace_back();
    source.name = called;
    const bool main = called == SourceOptions{}.name;
    source.title = main ? entry.service.name : entry.service.name + '.' + called;
    source.stream = stream;
    // A live one has another each time.
    source.consumer = consumer.empty() ? source.title : consumer;
  };
  for (const SourceOptions& read : needs.reads) add_one(read.name, read.stream, read.durable);
  for (const LiveOptions& live : needs.live) add_one(live.name, live.stream, {});
  entry.counters.resize(entry.service.sources.size());
  const auto add_connection = [&](std::string called, std::string title) {
    Snapshot::Connection& connection = entry.service.connections.emplace_back();
    connection.name = std::move(called);
    connection.title = std::move(title);
  };
  if (!needs.publishes.empty()) {
    add_connection("publisher", fmt::format("the publisher of {}", entry.service.name));
  }
  for (const Steers& consumer : needs.steers) {
    add_connection(
        "consumer " + consumer.durable,
        fmt::format("the consumer {} that {} steers", consumer.durable, entry.service.name));
  }
  if (!needs.leases.empty()) {
    add_connection("leases", fmt::format("the leases of {}", entry.service.name));
  }
}

void StatusBoard::add_connection(std::string_view service, std::string_view connection,
                                 std::shared_ptr<const LinkState> state) {
  const std::scoped_lock lock{mutex_};
  if (Entry* entry = find(service)) entry->links[std::string{connection}] = std::move(state);
}

void StatusBoard::set_state(std::string_view service, ServiceState state,
                            std::string_view failure) {
  const std::scoped_lock lock{mutex_};
  Entry* entry = find(service);
  if (entry == nullptr) return;
  if (entry->service.state != state) entry->service.since = now_in_seconds();
  entry->service.state = state;
  if (!failure.empty()) entry->service.last_error = mask_url(failure);
  entry->service.trouble = state == ServiceState::running ? mask_url(failure) : std::string{};
}

void StatusBoard::count_restart(std::string_view service) {
  const std::scoped_lock lock{mutex_};
  if (Entry* entry = find(service)) ++entry->service.restarts;
}

void StatusBoard::add_source(std::string_view service, std::string_view source,
                             std::shared_ptr<const SourceCounters> counters) {
  const std::scoped_lock lock{mutex_};
  Entry* entry = find(service);
  if (entry == nullptr) return;
  for (std::size_t i = 0; i < entry->counters.size(); ++i) {
    Snapshot::Source& sum = entry->service.sources[i];
    if (sum.name != source) continue;
    auto& runs = entry->counters[i];
    // The one before may still send its last answers; those before that one have ended.
    if (runs.size() == 2) {
      add(*runs.front(), sum);
      runs.erase(runs.begin());
    }
    runs.push_back(std::move(counters));
    return;
  }
}

void StatusBoard::add_watch(std::string_view service, std::shared_ptr<const ConsumerLags> lags) {
  const std::scoped_lock lock{mutex_};
  if (Entry* entry = find(service)) entry->watched = std::move(lags);
}

void StatusBoard::set_listener(std::string_view service, const std::string& listener,
                               std::string address) {
  const std::scoped_lock lock{mutex_};
  if (Entry* entry = find(service)) entry->service.listeners[listener] = std::move(address);
}

void StatusBoard::set_storage_type(std::string type) {
  const std::scoped_lock lock{mutex_};
  seen_.storage.type = std::move(type);
}

void StatusBoard::set_nats_urls(std::vector<std::string> urls) {
  const std::scoped_lock lock{mutex_};
  seen_.nats_urls = std::move(urls);
}

void StatusBoard::set_draining() {
  const std::scoped_lock lock{mutex_};
  seen_.draining = true;
}

void StatusBoard::record(const StorageOutcome& outcome) {
  using Operations = Snapshot::Operations;
  const auto bound = std::ranges::lower_bound(Operations::bounds, outcome.seconds);
  const auto bucket = static_cast<std::size_t>(bound - Operations::bounds.begin());
  const std::scoped_lock lock{mutex_};
  auto& storage = seen_.storage;
  Operations& operations = storage.operations.at(static_cast<std::size_t>(outcome.operation));
  ++operations.results.at(static_cast<std::size_t>(outcome.result));
  ++operations.took.at(bucket);
  operations.seconds += outcome.seconds;
  if (outcome.operation != StorageOutcome::Operation::background) {
    storage.down = is_outage(outcome.result);
  }
  if (outcome.result != StorageOutcome::Result::done) {
    const auto kind = StorageOutcome::results.at(static_cast<std::size_t>(outcome.result));
    storage.last_error = outcome.error.empty()
                             ? fmt::format("an error without a text, of the kind {}", kind)
                             : mask_url(outcome.error);
    storage.last_error_at = now_in_seconds();
  }
}

void StatusBoard::tick(Clock::time_point now) {
  const std::scoped_lock lock{mutex_};
  alive_until_ = now + tick_limit;
}

Snapshot StatusBoard::snapshot(Clock::time_point now) const {
  const std::scoped_lock lock{mutex_};
  Snapshot seen = seen_;
  for (const Entry& entry : entries_) {
    Snapshot::Service& service = seen.services.emplace_back(entry.service);
    for (std::size_t i = 0; i < entry.counters.size(); ++i) {
      for (const auto& run : entry.counters[i]) add(*run, service.sources[i]);
    }
    if (entry.watched) service.watched = entry.watched->value();
    for (Snapshot::Connection& connection : service.connections) {
      const auto link = entry.links.find(connection.name);
      if (link == entry.links.end()) continue;
      connection.connected = link->second->connected.value() != 0;
      connection.obstacle = mask_url(link->second->obstacle.value());
    }
  }
  if (now > alive_until_) {
    seen.stuck_for =
        std::chrono::duration_cast<std::chrono::seconds>(now - alive_until_) + tick_limit;
  }
  return seen;
}

}  // namespace hangar
