#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "hangar/event.hpp"

namespace hangar {

/// Runs the coroutines side by side on the strand and returns when all have ended. Throws what the
/// first of them threw, then.
inline boost::asio::awaitable<void> wait_for_all(boost::asio::any_io_executor strand,
                                                 std::vector<boost::asio::awaitable<void>> all) {
  struct State {
    explicit State(const boost::asio::any_io_executor& on) : changed{on} {}
    Condition changed;
    std::size_t running = 0;
    std::exception_ptr failure;
  };
  const auto state = std::make_shared<State>(strand);
  state->running = all.size();
  for (auto& one : all) {
    boost::asio::co_spawn(strand, std::move(one), [state](std::exception_ptr failure) {
      if (failure && !state->failure) state->failure = std::move(failure);
      --state->running;
      state->changed.wake_all();
    });
  }
  while (state->running > 0) co_await state->changed.wait();
  if (state->failure) std::rethrow_exception(state->failure);
}

}  // namespace hangar
