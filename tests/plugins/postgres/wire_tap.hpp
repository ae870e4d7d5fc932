#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <thread>

namespace hangar::postgres {

/// Stands between a client and the server, on a port of its own of this machine, and reads along.
class WireTap {
 public:
  explicit WireTap(int server_port);
  WireTap(const WireTap&) = delete;
  WireTap& operator=(const WireTap&) = delete;
  ~WireTap();

  [[nodiscard]] int port() const noexcept { return port_; }
  /// How often the server has said that it is ready for the next query: once a round trip.
  [[nodiscard]] int round_trips() const noexcept { return round_trips_; }
  /// Cuts the connection instead of passing the server's answer to the next COMMIT on.
  void cut_after_commit() noexcept { cut_ = true; }
  /// Passes nothing on any more that the server says, and leaves the connection open.
  void go_silent() noexcept { silent_ = true; }

 private:
  /// Splits what the server says into messages.
  class Listener {
   public:
    explicit Listener(WireTap& tap) : tap_{tap} {}
    /// Whether the connection must be cut before `bytes` are passed on.
    bool hear(std::string_view bytes);

   private:
    WireTap& tap_;
    std::string pending_;
  };

  void accept_all();
  void forward(int client);

  int server_port_;
  int port_ = 0;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  std::atomic<int> round_trips_ = 0;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> silent_ = false;
  std::list<std::thread> pairs_;
  std::thread acceptor_;
};

}  // namespace hangar::postgres
