#pragma once

#include <boost/asio/awaitable.hpp>

#include "hangar/listener.hpp"

namespace hangar {

/// A listener of a service, as its host has it. Every member is for the service's strand.
class ServiceListener : public Listener {
 public:
  /// No connection and no request is taken from now on; what was given away may be answered.
  virtual void stop() = 0;
  /// After the service is gone: returns when every connection is closed.
  virtual boost::asio::awaitable<void> close() = 0;
};

}  // namespace hangar
