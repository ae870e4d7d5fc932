#include "metrics/host_metrics.hpp"

#include <fmt/format.h>
#include <nats/version.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <boost/version.hpp>
#include <cstdint>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hangar/version.hpp"

namespace hangar {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Label = ClientMetric::Label;
using Labels = std::vector<Label>;
using Source = Snapshot::Source;

/// The families in the order in which they were begun.
class Families {
 public:
  void begin(std::string name, MetricType type, std::string help) {
    MetricFamily& family = families_.emplace_back();
    family.name = std::move(name);
    family.type = type;
    family.help = std::move(help);
  }
  /// A series of the family that was begun last.
  void add(Labels labels, double value) {
    ClientMetric& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    (families_.back().type == MetricType::Counter ? metric.counter.value : metric.gauge.value) =
        value;
  }
  void add(Labels labels, const ClientMetric::Histogram& histogram) {
    ClientMetric& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    metric.histogram = histogram;
  }
  /// A family of one series without labels.
  void add(std::string name, MetricType type, std::string help, double value) {
    begin(std::move(name), type, std::move(help));
    add({}, value);
  }
  void add(std::vector<MetricFamily> families) {
    std::ranges::move(families, std::back_inserter(families_));
  }
  [[nodiscard]] std::string text() const {
    return prometheus::TextSerializer{}.Serialize(families_);
  }

 private:
  std::vector<MetricFamily> families_;
};

double number(std::uint64_t value) { return static_cast<double>(value); }

void add_build(Families& to) {
  to.begin("hangar_build_info", MetricType::Gauge, "What this program was made of");
  to.add({{"version", std::string{version}},
          {"compiler", __VERSION__},
          {"boost", fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                                BOOST_VERSION % 100)},
          {"cnats", NATS_VERSION_STRING}},
         1);
}

void add_services(const Snapshot& seen, Families& to) {
  to.begin("hangar_service_up", MetricType::Gauge, "Whether the service runs");
  for (const auto& service : seen.services) {
    to.add({{"service", service.name}}, service.state == ServiceState::running ? 1 : 0);
  }
  to.begin("hangar_service_state", MetricType::Gauge, "1 for the state that the service is in");
  for (const auto& service : seen.services) {
    for (const auto state : {ServiceState::stopped, ServiceState::starting, ServiceState::running,
                             ServiceState::stopping, ServiceState::failed}) {
      to.add({{"service", service.name}, {"state", std::string{to_string(state)}}},
             service.state == state ? 1 : 0);
    }
  }
  to.begin("hangar_service_restarts_total", MetricType::Counter,
           "How often the service was started again after it had failed");
  for (const auto& service : seen.services) {
    to.add({{"service", service.name}}, number(service.restarts));
  }
}

/// What tells a series of a source apart: its service and consumer, its stream and consumer, or its
/// connection.
enum class Of { service, stream, connection };

/// One number of each source.
struct Column {
  const char* name;
  MetricType type;
  Of of;
  std::uint64_t Source::*value;
  const char* help;
};

constexpr auto counter = MetricType::Counter;
constexpr auto gauge = MetricType::Gauge;

constexpr Column columns[]{
    // received = acked + nacked + terminated + abandoned + held
    {"hangar_messages_received_total", counter, Of::service, &Source::received,
     "Messages taken from the stream, copies of held ones not counted"},
    {"hangar_messages_acked_total", counter, Of::service, &Source::acked,
     "Messages that the service has recorded or ignored"},
    {"hangar_messages_nacked_total", counter, Of::service, &Source::nacked,
     "Messages given back to be delivered again"},
    {"hangar_messages_terminated_total", counter, Of::service, &Source::rejected,
     "Messages that were stored as dead letters"},
    {"hangar_messages_abandoned_total", counter, Of::service, &Source::abandoned,
     "Messages of a stream or consumer that was deleted"},
    {"hangar_messages_held", gauge, Of::service, &Source::held,
     "Messages in this process that have no answer yet"},
    {"hangar_messages_held_bytes", gauge, Of::service, &Source::held_bytes,
     "Bytes of the messages that have no answer yet"},
    {"hangar_dlq_waiting_messages", gauge, Of::service, &Source::letters,
     "Held messages whose dead letter is not stored yet"},
    {"hangar_dlq_messages", gauge, Of::service, &Source::stored_letters,
     "Dead letters in the dead-letter stream, of all services"},
    {"hangar_dlq_bytes", gauge, Of::service, &Source::stored_letter_bytes,
     "Bytes of the dead-letter stream; an alert at 80 % of hangar_dlq_max_bytes is in time"},
    {"hangar_dlq_max_bytes", gauge, Of::service, &Source::most_letter_bytes,
     "How many bytes the dead-letter stream takes; 0 without a limit"},
    {"hangar_messages_redelivered_total", counter, Of::service, &Source::redelivered,
     "Received messages that were delivered before"},
    {"hangar_consumer_pending_messages", gauge, Of::stream, &Source::pending,
     "Messages that were not delivered to any replica yet"},
    {"hangar_consumer_ack_pending_messages", gauge, Of::stream, &Source::ack_pending,
     "Messages that were delivered to some replica and not acked"},
    {"hangar_consumer_waiting_pulls", gauge, Of::stream, &Source::waiting_pulls,
     "Pulls that wait, of all replicas"},
    {"hangar_consumer_lag_seconds", gauge, Of::stream, &Source::lag_seconds,
     "Age of the oldest message that this host holds without an ack, or, while it holds none, of "
     "the "
     "oldest that no host has acked; of several hosts the largest counts"},
    {"hangar_stream_expired_unacked_messages", gauge, Of::stream, &Source::expired_unacked,
     "Positions that the stream has dropped and that were not acked"},
    {"hangar_upstream_lost_total", counter, Of::stream, &Source::upstream_lost,
     "Messages that the stream dropped before any replica was given them; at least so many"},
    {"hangar_nats_connected", gauge, Of::connection, &Source::connected,
     "Whether the service's connection is up"},
    {"hangar_nats_reconnects_total", counter, Of::connection, &Source::reconnects,
     "How often the service's connection came back"},
};

Labels labels_of(Of of, const Snapshot::Service& service, const Source& source) {
  if (of == Of::connection) return {{"connection", source.title}};
  return {of == Of::service ? Label{"service", service.name} : Label{"stream", source.stream},
          {"consumer", source.consumer}};
}

/// The consumers that services watch, without those that have a series as sources, each once.
std::vector<ConsumerLag> watched_consumers(const Snapshot& seen) {
  std::set<std::pair<std::string, std::string>> known;
  for (const auto& service : seen.services) {
    for (const Source& source : service.sources) known.emplace(source.stream, source.consumer);
  }
  std::vector<ConsumerLag> watched;
  for (const auto& service : seen.services) {
    for (const ConsumerLag& lag : service.watched) {
      if (known.emplace(lag.stream, lag.consumer).second) watched.push_back(lag);
    }
  }
  return watched;
}

std::uint64_t ConsumerLag::*lag_of(const Column& column) {
  if (column.value == &Source::pending) return &ConsumerLag::pending;
  return column.value == &Source::ack_pending ? &ConsumerLag::ack_pending : nullptr;
}

void add_sources(const Snapshot& seen, Families& to) {
  const std::vector<ConsumerLag> watched = watched_consumers(seen);
  for (const Column& column : columns) {
    to.begin(column.name, column.type, column.help);
    for (const auto& service : seen.services) {
      for (const Source& source : service.sources) {
        to.add(labels_of(column.of, service, source), number(source.*column.value));
      }
      if (column.value != &Source::connected) continue;
      for (const Snapshot::Connection& other : service.connections) {
        to.add({{"connection", service.name + '.' + other.name}}, other.connected ? 1 : 0);
      }
    }
    if (const auto lag = lag_of(column); lag != nullptr) {
      for (const ConsumerLag& one : watched) {
        to.add({{"stream", one.stream}, {"consumer", one.consumer}}, number(one.*lag));
      }
    }
  }
}

ClientMetric::Histogram histogram(const Snapshot::Operations& operations) {
  ClientMetric::Histogram result;
  for (std::size_t i = 0; i < operations.took.size(); ++i) {
    result.sample_count += operations.took.at(i);
    const bool last = i == Snapshot::Operations::bounds.size();
    result.bucket.push_back({result.sample_count, last ? std::numeric_limits<double>::infinity()
                                                       : Snapshot::Operations::bounds.at(i)});
  }
  result.sample_sum = operations.seconds;
  return result;
}

void add_storage(const Snapshot::Storage& storage, Families& to) {
  const auto labels = [&](std::size_t operation) {
    return Labels{{"storage", storage.type},
                  {"op", std::string{StorageOutcome::operations.at(operation)}}};
  };
  to.begin("hangar_storage_operation_seconds", MetricType::Histogram,
           "How long attempts took, failed ones included");
  for (std::size_t i = 0; i < storage.operations.size(); ++i) {
    to.add(labels(i), histogram(storage.operations.at(i)));
  }
  to.begin("hangar_storage_errors_total", MetricType::Counter, "Attempts that failed");
  for (std::size_t i = 0; i < storage.operations.size(); ++i) {
    for (std::size_t kind = 1; kind < StorageOutcome::results.size(); ++kind) {
      Labels with_kind = labels(i);
      with_kind.push_back({"kind", std::string{StorageOutcome::results.at(kind)}});
      to.add(std::move(with_kind), number(storage.operations.at(i).results.at(kind)));
    }
  }
}

void add_process(const ProcessNumbers& process, Families& to) {
  to.add("process_cpu_seconds_total", counter, "User and system time", process.cpu_seconds);
  to.add("process_resident_memory_bytes", gauge, "Resident memory", process.resident_bytes);
  to.add("process_open_fds", gauge, "Open file descriptors", process.open_descriptors);
  to.add("process_start_time_seconds", gauge, "Start, in seconds since 1970", process.started);
}

}  // namespace

std::string metrics_text(const Snapshot& seen, bool ready, const ProcessNumbers& process,
                         const prometheus::Collectable& services) {
  Families families;
  add_build(families);
  families.add("hangar_ready", gauge, "1 while /readyz answers 200", ready ? 1 : 0);
  add_services(seen, families);
  add_sources(seen, families);
  add_storage(seen.storage, families);
  families.add(services.Collect());
  add_process(process, families);
  return families.text();
}

}  // namespace hangar
