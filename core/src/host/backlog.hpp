#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "status/snapshot.hpp"

namespace hangar {

/// Says how far services have got with what waits in their streams: a line in five seconds, and
/// nothing about what is done within a second; and at the end what they have done in all.
class Backlog {
 public:
  using Clock = std::chrono::steady_clock;

  struct Numbers {
    std::uint64_t settled = 0;      ///< Recorded, ignored or dead-lettered.
    std::uint64_t pending = 0;      ///< Still to be delivered.
    std::uint64_t lag_seconds = 0;  ///< Age of the oldest that is not settled.
  };

  /// Returns the lines that it is time for.
  std::vector<std::string> look(const Snapshot& seen, Clock::time_point now);
  /// The same of one source.
  std::optional<std::string> look(const std::string& source, const Numbers& numbers,
                                  Clock::time_point now);
  /// Of each source that got messages, since the first look.
  [[nodiscard]] std::vector<std::string> totals(const Snapshot& seen, Clock::time_point now) const;

 private:
  struct Seen {
    Clock::time_point at;
    std::uint64_t settled = 0;
  };
  std::map<std::string, Seen> seen_;
  std::optional<Clock::time_point> begun_;
};

}  // namespace hangar
