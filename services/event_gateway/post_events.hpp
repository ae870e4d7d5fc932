#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

#include "hangar/listener.hpp"
#include "intake.hpp"

namespace hangar::gateway {

/// Answers `POST /api/events`: 204 when all events of the list are stored, 422 when one is invalid,
/// and none of them is published then; 503 when they are not stored within the time, though they
/// may be later.
boost::asio::awaitable<void> post_events(boost::asio::any_io_executor executor, Exchange& exchange,
                                         std::shared_ptr<Intake> intake,
                                         std::chrono::milliseconds within);

/// Answers with JSON.
boost::asio::awaitable<void> respond_json(Exchange& exchange, unsigned status, std::string body);

/// Answers that the client may ask again in a moment.
boost::asio::awaitable<void> respond_unavailable(Exchange& exchange);

}  // namespace hangar::gateway
