#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "nats/link.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// Runs `body` with a connection of its own on this thread and returns what it returns or throws
/// what it throws; by then the connection is closed. For commands, which may block.
template <class Result>
Result run_with_link(
    const NatsConfig& nats, const std::string& name, Log& log, Link::Handlers handlers,
    const std::function<boost::asio::awaitable<Result>(
        const std::shared_ptr<Link>&, const boost::asio::any_io_executor&)>& body) {
  boost::asio::io_context context{1};
  const boost::asio::any_io_executor executor = context.get_executor();
  std::exception_ptr failure;
  std::optional<Result> result;
  const auto link = Link::open(executor, {nats, name}, log, std::move(handlers));
  const auto close = [&]() -> boost::asio::awaitable<void> {
    link->finish();
    co_await link->ended(std::chrono::steady_clock::now() + std::chrono::seconds{10});
    context.stop();
  };
  boost::asio::co_spawn(context, body(link, executor), [&](std::exception_ptr error, Result value) {
    failure = std::move(error);
    if (!failure) result = std::move(value);
    boost::asio::co_spawn(context, close, boost::asio::detached);
  });
  context.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(*result);
}

}  // namespace hangar
