#pragma once

#include <boost/asio/awaitable.hpp>

#include "hangar/publisher.hpp"

namespace hangar {

/// The publisher of a service, as its host has it. Every member is for the service's strand.
class ServicePublisher : public Publisher {
 public:
  /// Returns when the streams of `Needs::publishes` are there, for as long as that takes, or after
  /// `stop`. Throws ConfigError when they cannot be used.
  virtual boost::asio::awaitable<void> open() = 0;
  /// Nothing is sent again from now on.
  virtual void stop() = 0;
  /// Closes the connection.
  virtual boost::asio::awaitable<void> close() = 0;
};

}  // namespace hangar
