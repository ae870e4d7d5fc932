#include "cli/reach_nats.hpp"

#include <fmt/format.h>

#include <chrono>

#include "hangar/error.hpp"
#include "nats/blocking.hpp"

namespace asio = boost::asio;

namespace hangar::cli {

void reach_nats(const NatsConfig& nats, const std::string& command, Log& log) {
  run_with_link<bool>(
      nats, command, log, {},
      [](const std::shared_ptr<Link>& link, const asio::any_io_executor&) -> asio::awaitable<bool> {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        const bool connected = co_await link->wait_connected(deadline);
        if (!connected) {
          throw TransientError{fmt::format("NATS cannot be reached: {}", link->last_trouble()),
                               TransientError::Retry::reconnect};
        }
        co_return true;
      });
}

}  // namespace hangar::cli
