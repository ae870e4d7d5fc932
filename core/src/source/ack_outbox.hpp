#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "nats/connection_keeper.hpp"

namespace hangar {

/// Answers that are to be sent, and with them messages that are to be freed on the connection's
/// thread. Nothing leaves it while it is shut: a connection other than the one that a message came
/// over may lead to another stream of the same name. Pure: its owner sends.
class AckOutbox {
 public:
  enum class Flush { soon, now };

  /// `flush` is told that there is something to `take`: `soon`, once for all that comes until then,
  /// or `now`, because what is to be freed takes much memory.
  void on_flush(std::function<void(Flush)> flush) { flush_ = std::move(flush); }

  void add(std::string_view subject, std::string_view body);
  /// Nothing is kept for the connection's thread while nothing is sent: it is freed here.
  void free(WireMessage message);
  /// The same for the data, of so many bytes, of a message that has no answer yet.
  void free_data(WireMessage message, std::uint64_t bytes);

  /// The consumer is bound over the present connection.
  void open() noexcept { open_ = true; }
  void shut() noexcept { open_ = false; }
  /// Answers wait, although it is open, until the server has forgotten the last pull.
  void hold_back(bool held_back) noexcept { held_back_ = held_back; }
  [[nodiscard]] bool held_back() const noexcept { return held_back_; }

  /// What is to be sent now, in order; empty when there is nothing.
  std::vector<Outgoing> take();
  /// The answers of these were not sent, and go before all that came later. What else there is
  /// belonged to the moment.
  void put_back(const std::vector<Outgoing>& unsent);
  /// Forgets every answer.
  void abandon() noexcept { acks_ = {}; }
  /// Whether every answer was taken.
  [[nodiscard]] bool empty() const noexcept { return acks_.empty(); }

 private:
  void ask(Flush when);

  std::function<void(Flush)> flush_;
  Answers acks_;
  std::vector<WireMessage> to_free_;
  std::uint64_t data_bytes_ = 0;  ///< Of the data that is to be freed.
  bool open_ = false;
  bool held_back_ = false;
  bool asked_ = false;
};

}  // namespace hangar
