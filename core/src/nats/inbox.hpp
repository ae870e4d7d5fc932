#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "nats/wire_message.hpp"

namespace hangar {

/// Hands messages from a thread of cnats to the owner's executor. A burst costs one wake-up.
class Inbox {
 public:
  /// `wake` is called on cnats's thread when the inbox was empty and no longer is.
  explicit Inbox(std::function<void()> wake) : wake_{std::move(wake)} {}

  void put(WireMessage message) {
    bool first = false;
    {
      const std::lock_guard lock{mutex_};
      first = messages_.empty();
      messages_.push_back(std::move(message));
    }
    if (first) wake_();
  }

  /// Everything that came, in order; `emptied` is memory to use again.
  std::vector<WireMessage> take(std::vector<WireMessage> emptied = {}) {
    emptied.clear();
    const std::lock_guard lock{mutex_};
    messages_.swap(emptied);
    return emptied;
  }

 private:
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<WireMessage> messages_;
};

}  // namespace hangar
