#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>

#include "hangar/log.hpp"
#include "hangar/source.hpp"
#include "hangar/storage.hpp"
#include "storage/storage_outcome.hpp"

namespace hangar {

/// A source as the host sees it.
struct SourceHandle {
  std::unique_ptr<Source> source;
  /// Returns when it pulls, or when it was stopped before.
  std::function<boost::asio::awaitable<void>()> open;
  /// From then on `next` returns an empty batch. Any time, any number of times.
  std::function<void()> stop;
  /// Nothing more is pulled while true; on the service's strand. May be empty.
  std::function<void(bool paused)> pause{};
  /// After the service has ended: returns when its last answers are sent.
  std::function<boost::asio::awaitable<void>()> close;
};

/// Where a service gets what it asks its context for.
struct ServiceResources {
  std::function<SourceHandle(const boost::asio::any_io_executor&, const SourceOptions&, Log&)>
      make_source;
  /// Opened at first use; lives as long as the host.
  std::function<Storage&()> storage;
  Creation creation = Creation::never;
  /// Whether a service waits for a storage that does not answer when it starts, or fails.
  bool waits_for_storage = true;
  /// Called on the service's strand after each attempt at a storage operation; may be empty.
  std::function<void(const StorageOutcome&)> storage_outcome;
};

}  // namespace hangar
