#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hangar/event.hpp"

namespace hangar {

/// The addresses of a host, by its name. The system may take half a minute to look a name up, and
/// cannot be told to give up: a thread does that nobody waits for longer than he wants, one at a
/// time for all. For one strand.
class HostAddresses {
 public:
  using Clock = std::chrono::steady_clock;
  struct Found {
    boost::system::error_code failed{};
    std::vector<boost::asio::ip::tcp::endpoint> endpoints{};
  };
  /// Blocks. Not called for an address.
  using LookUp = std::function<Found(const std::string& host, const std::string& port)>;
  /// As the system does.
  static Found look_up(const std::string& host, const std::string& port);

  HostAddresses(boost::asio::any_io_executor executor, std::string host, std::string port,
                LookUp look_up = HostAddresses::look_up);
  HostAddresses(const HostAddresses&) = delete;
  HostAddresses& operator=(const HostAddresses&) = delete;
  /// A thread may still look up; it does no more than end.
  ~HostAddresses();

  /// What is known within the time, or when `given_up` is set: then `wake`.
  boost::asio::awaitable<Found> find(std::chrono::milliseconds within, const bool& given_up);
  /// They lead to nothing, and may be others now.
  void doubt();
  /// Who waits for the name looks whether that is given up.
  void wake() { looked_up_.wake_all(); }

 private:
  struct Question;

  void ask();
  void take(Found found);

  boost::asio::any_io_executor executor_;
  const std::string host_;
  const std::string port_;
  const LookUp look_up_;
  Condition looked_up_;
  std::shared_ptr<Question> asked_;  ///< Of a thread that looks up.
  Clock::time_point asked_at_{};
  std::uint64_t answers_ = 0;
  Found last_;                       ///< The addresses that are known, or why none is.
  Clock::time_point fresh_until_{};  ///< They are looked up no sooner.
};

}  // namespace hangar
