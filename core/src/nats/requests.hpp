#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nats/wire_message.hpp"

namespace hangar {

/// Requests that were sent and wait for their replies. Everything runs on the strand it is given.
class Requests : public std::enable_shared_from_this<Requests> {
 public:
  struct Reply {
    enum class Fate { answered, no_responders, timed_out, denied, disconnected };
    Fate fate = Fate::disconnected;
    WireMessage message{};  ///< Only when answered.
    std::string why{};      ///< Only when denied: which subject, and what mends that.
  };
  /// Takes the message, or leaves it.
  using OnReply = std::function<void(Reply&&)>;

  explicit Requests(const boost::asio::any_io_executor& executor) : sweeper_{executor} {}

  /// What the inbox of the next request ends with.
  [[nodiscard]] std::uint64_t next_token() noexcept { return ++last_; }
  /// One with this token was sent. `on_reply` is called once, never from inside this call, unless
  /// it is taken or forgotten before.
  void sent(std::uint64_t token, std::string subject, std::chrono::milliseconds within,
            OnReply on_reply);
  void answer(std::uint64_t token, WireMessage message);
  /// Takes those out that were sent to `subject`, or all when it is empty.
  [[nodiscard]] std::vector<OnReply> take(std::string_view subject = {});
  void forget() noexcept { waiting_.clear(); }
  /// Frees a message, with the replies that nobody has taken.
  void free(WireMessage message) noexcept { spent_.add(std::move(message)); }

 private:
  struct Waiting {
    std::string subject;
    std::chrono::steady_clock::time_point deadline;
    OnReply on_reply;
  };
  template <class Condition>
  std::vector<OnReply> take_if(Condition condition);
  void sweep();

  std::uint64_t last_ = 0;
  boost::unordered_flat_map<std::uint64_t, Waiting> waiting_;
  boost::asio::steady_timer sweeper_;
  bool sweeping_ = false;
  SpentMessages spent_;
};

}  // namespace hangar
