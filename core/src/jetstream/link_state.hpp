#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "async/shared_value.hpp"
#include "nats/link.hpp"

namespace hangar {

/// How a connection of a service is now: its strand writes, any thread reads.
struct LinkState {
  Count connected;  ///< 1 or 0.
  /// What went wrong last on the way to the server or, once it is connected, what keeps the service
  /// from what it wants there; empty when nothing does. Holds no secret.
  Words obstacle;

  /// What keeps the service from what it wants; of a connection that is there.
  void keeps_from(std::string why) {
    if (connected.value() != 0) obstacle.set(std::move(why));
  }
};

/// Handlers that keep the state, and say `changed` when the connection comes or goes.
inline Link::Handlers keep_state(const std::shared_ptr<LinkState>& state,
                                 const std::function<void()>& changed) {
  Link::Handlers handlers;
  handlers.up = [state, changed] {
    state->obstacle.set({});
    state->connected.set(1);
    changed();
  };
  handlers.down = [state, changed](const auto&) {
    state->connected.set(0);
    changed();
  };
  handlers.trouble = [state](const std::string& what) {
    if (state->connected.value() == 0) state->obstacle.set(what);
  };
  return handlers;
}

}  // namespace hangar
