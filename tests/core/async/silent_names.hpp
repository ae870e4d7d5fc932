#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "async/host_addresses.hpp"

namespace hangar::test {

/// Name servers that answer no sooner than the test does.
class SilentNames {
 public:
  SilentNames() = default;
  SilentNames(const SilentNames&) = delete;
  SilentNames& operator=(const SilentNames&) = delete;
  ~SilentNames() {
    const std::lock_guard lock{state_->mutex};
    state_->gone = true;
    state_->changed.notify_all();
  }

  [[nodiscard]] HostAddresses::LookUp look_up() const {
    return [state = state_](const std::string&, const std::string&) { return state->wait(); };
  }
  /// To one question, asked or not.
  void answer(HostAddresses::Found found) {
    const std::lock_guard lock{state_->mutex};
    state_->answers.push_back(std::move(found));
    state_->changed.notify_all();
  }
  void wait_for_question() {
    std::unique_lock lock{state_->mutex};
    state_->changed.wait(lock, [this] { return state_->questions > 0; });
  }
  [[nodiscard]] int questions() const {
    const std::lock_guard lock{state_->mutex};
    return state_->questions;
  }

 private:
  /// Also of the thread that asks, which may be the last.
  struct State {
    std::mutex mutex{};
    std::condition_variable changed{};
    std::deque<HostAddresses::Found> answers{};
    int questions = 0;
    bool gone = false;

    HostAddresses::Found wait() {
      std::unique_lock lock{mutex};
      ++questions;
      changed.notify_all();
      changed.wait(lock, [this] { return gone || !answers.empty(); });
      if (answers.empty()) return {boost::asio::error::host_not_found, {}};
      HostAddresses::Found found = std::move(answers.front());
      answers.pop_front();
      return found;
    }
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace hangar::test
