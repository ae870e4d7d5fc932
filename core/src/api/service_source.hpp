#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <stdexcept>

#include "hangar/source.hpp"

namespace hangar {

/// The source of a service, as its host has it. Every member is for the service's strand.
class ServiceSource : public Source {
 public:
  /// Returns when it pulls, or when it was stopped before.
  virtual boost::asio::awaitable<void> open() = 0;
  /// No more pulls, what was not handed out is given back at once, `next` returns an empty batch;
  /// handed-out messages can still be acked and rejected. Any number of times, also before `open`
  /// has returned.
  virtual void stop() = 0;
  /// Nothing more is pulled while true.
  virtual void pause(bool paused) = 0;
  /// Returns when the last answers are sent. Call it after the last message was answered.
  virtual boost::asio::awaitable<void> close() = 0;

 protected:
  /// What `next` is called with.
  static void check_limit(std::size_t limit) {
    if (limit == 0) throw std::logic_error{"a batch of no message would look like the end"};
  }
};

}  // namespace hangar
