#pragma once

#include <fmt/format.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <stdexcept>
#include <string_view>

namespace hangar {

/// Whether this code runs on the executor, a strand or an io_context; true for others, of which it
/// cannot be told.
inline bool runs_on(const boost::asio::any_io_executor& executor) {
  namespace asio = boost::asio;
  if (const auto* strand = executor.target<asio::strand<asio::any_io_executor>>()) {
    return strand->running_in_this_thread();
  }
  if (const auto* io = executor.target<asio::io_context::executor_type>()) {
    return io->running_in_this_thread();
  }
  return true;
}

/// Throws std::logic_error for a call of a service that runs elsewhere: two threads would meet.
inline void check_runs_on(const boost::asio::any_io_executor& executor, std::string_view call) {
  if (runs_on(executor)) return;
  throw std::logic_error{fmt::format("{} is called outside of its service's executor", call)};
}

}  // namespace hangar
