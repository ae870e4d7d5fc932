#pragma once

#include <boost/asio/awaitable.hpp>

#include "hangar/consumer.hpp"

namespace hangar {

/// A consumer that a service steers, as its host has it. For the service's strand.
class ServiceConsumer : public Consumer {
 public:
  /// Closes the connection.
  virtual boost::asio::awaitable<void> close() = 0;
};

}  // namespace hangar
