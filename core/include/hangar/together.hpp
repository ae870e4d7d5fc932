#pragma once

#include <boost/asio/awaitable.hpp>
#include <concepts>
#include <utility>
#include <vector>

#include "hangar/version.hpp"

namespace hangar {

/// Runs coroutines side by side and returns when all have ended. Where one throws, the others are
/// cancelled, and what it threw is thrown when they have ended. Of Asio's `a() && b()` the leftmost
/// error is all that is left: when `b` fails, that `a` was cancelled.
HANGAR_API boost::asio::awaitable<void> together(std::vector<boost::asio::awaitable<void>> all);

/// The same: `co_await together(read(), publish())`.
template <std::same_as<boost::asio::awaitable<void>>... Rest>
boost::asio::awaitable<void> together(boost::asio::awaitable<void> first, Rest... rest) {
  std::vector<boost::asio::awaitable<void>> all;
  all.push_back(std::move(first));
  (all.push_back(std::move(rest)), ...);
  return together(std::move(all));
}

}  // namespace hangar
