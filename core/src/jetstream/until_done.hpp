#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "async/backoff.hpp"
#include "hangar/callable.hpp"
#include "hangar/error.hpp"
#include "hangar/event.hpp"
#include "nats/link.hpp"

namespace hangar {

/// Tries `attempt` again and again while the link is connected, until `over`, which says that it is
/// done or not wanted any more: after a TransientError when a growing time has passed or `changed`.
/// `told` gets what that says, and an empty text of an attempt that did well. What else is thrown
/// is not caught. `changed` is woken when the connection comes and goes.
inline boost::asio::awaitable<void> until_done(Link& link, Condition& changed,
                                               Callable<bool()> over,
                                               Callable<boost::asio::awaitable<void>()> attempt,
                                               Callable<void(const std::string&)> told) {
  Backoff wait;
  while (!over()) {
    if (!link.connected()) {
      co_await changed.wait();
      continue;
    }
    std::string problem;
    try {
      co_await attempt();
    } catch (const TransientError& error) {
      problem = error.what();
    }
    told(problem);
    if (problem.empty()) continue;
    co_await changed.wait_until(std::chrono::steady_clock::now() + wait.next());
  }
}

}  // namespace hangar
