#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "async/backoff.hpp"
#include "log/rate_limit.hpp"
#include "nats/endpoint.hpp"

namespace hangar {

/// Which server is tried next, after what pause, and what is logged. Pure: `step` is told what
/// happened, and when.
class Reconnection {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Failed: an attempt to connect. Left: the connection is given up, because its server gives no
  /// service. Trouble: something else went wrong, at any time.
  enum class Happened { started, failed, connected, lost, left, trouble };

  struct Step {
    const Endpoint* server = nullptr;   ///< To be tried; valid until another one is.
    std::chrono::milliseconds after{};  ///< The pause before it is tried.
    std::string trouble;                ///< What went wrong; empty when nothing did.
    std::string line;                   ///< To be logged; empty when that was said just now.
  };

  Reconnection(std::vector<Endpoint> configured, std::uint32_t seed);

  /// `why` is what is wrong, if anything.
  Step step(Happened what, const std::string& why, Time now);
  /// The present server told of these others, which replace those that were told of before. Returns
  /// what is wrong with each that cannot be used.
  std::vector<std::string> learn(const std::vector<std::string>& urls);
  [[nodiscard]] std::size_t servers() const noexcept { return endpoints_.size(); }
  /// The one that it is or was last connected to.
  [[nodiscard]] const Endpoint& server() const noexcept { return server_; }

 private:
  Step next();
  /// The line, when it was not told just now.
  std::string tell(const std::string& line, Time now);

  std::vector<Endpoint> endpoints_;
  std::size_t configured_;  ///< How many of them come from the configuration.
  std::minstd_rand random_;
  std::size_t at_ = 0;     ///< The next one.
  std::size_t tried_ = 0;  ///< How many since there was a connection.
  Backoff wait_;
  Endpoint trying_;
  Endpoint server_;
  bool leaving_ = false;  ///< That server gave no service: others are tried first.
  Time connected_at_{};
  bool brief_ = false;         ///< The last connection was lost as soon as it stood.
  bool trouble_told_ = false;  ///< Since it connected.
  RateLimit told_;             ///< Since a connection that lasted.
};

}  // namespace hangar
