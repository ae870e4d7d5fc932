#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "api/service_consumer.hpp"
#include "api/service_listener.hpp"
#include "api/service_publisher.hpp"
#include "api/service_source.hpp"
#include "hangar/log.hpp"
#include "hangar/metrics.hpp"
#include "hangar/storage.hpp"
#include "jetstream/stream_watch.hpp"
#include "lease/leases.hpp"
#include "storage/storage_outcome.hpp"

namespace hangar {

/// Where a service gets what it asks its context for.
struct ServiceResources {
  std::function<std::shared_ptr<ServiceSource>(const boost::asio::any_io_executor&,
                                               const SourceOptions&, Log&)>
      make_source;
  std::function<std::shared_ptr<ServiceSource>(const boost::asio::any_io_executor&,
                                               const LiveOptions&, Log&)>
      make_live_source{};
  /// One that ends where the stream ends when it begins.
  std::function<std::shared_ptr<ServiceSource>(const boost::asio::any_io_executor&,
                                               const LiveOptions&, Log&)>
      make_rereader{};
  std::function<std::shared_ptr<ServicePublisher>(const boost::asio::any_io_executor&,
                                                  const std::vector<Publishes>&, Log&)>
      make_publisher{};
  std::function<std::shared_ptr<ServiceConsumer>(const boost::asio::any_io_executor&, const Steers&,
                                                 Log&)>
      make_consumer{};
  /// Empty in a run that ends by itself, which does no periodic work.
  std::function<std::shared_ptr<Leases>(const boost::asio::any_io_executor&, Log&, Metrics&)>
      make_leases{};
  /// Empty in a run that ends by itself, which nobody looks at for long.
  std::function<std::shared_ptr<StreamWatch>(const boost::asio::any_io_executor&,
                                             const std::vector<std::string>&, Log&)>
      make_watch{};
  /// What it returns listens. Throws ConfigError when the address cannot be had.
  std::function<std::shared_ptr<ServiceListener>(const boost::asio::any_io_executor&,
                                                 const ListensOn&, Log&, Metrics&)>
      make_listener{};
  /// Called when a source pulls; may be empty.
  std::function<void()> source_opened{};
  /// Opened at first use; lives as long as the host.
  std::function<Storage&()> storage;
  Creation creation = Creation::never;
  /// Whether a service waits for a storage that does not answer when it starts, or fails.
  bool waits_for_storage = true;
  /// Whether a service that reads nothing is asked to end as soon as it runs.
  bool until_drained = false;
  /// Called on the service's strand after each attempt at a storage operation; may be empty.
  std::function<void(const StorageOutcome&)> storage_outcome;
};

}  // namespace hangar
