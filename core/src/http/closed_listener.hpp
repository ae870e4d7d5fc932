#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "api/service_listener.hpp"

namespace hangar {

/// Nobody is listened to while a service is looked at, or runs only until its streams are drained.
class ClosedListener final : public ServiceListener {
 public:
  boost::asio::awaitable<std::unique_ptr<Exchange>> accept() override { co_return nullptr; }
  void stop() override {}
  boost::asio::awaitable<void> close() override { co_return; }
};

}  // namespace hangar
