#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "status/snapshot.hpp"

namespace hangar {

/// Says how far services have got with what waits in their streams: a line in ten seconds, and
/// nothing about what is done within a second.
class Backlog {
 public:
  using Clock = std::chrono::steady_clock;

  /// Returns the lines that it is time for.
  std::vector<std::string> look(const Snapshot& seen, Clock::time_point now);
  /// The same of one source: `settled` counts what was recorded or dead-lettered, `pending` what is
  /// still to be delivered.
  std::optional<std::string> look(const std::string& source, std::uint64_t settled,
                                  std::uint64_t pending, Clock::time_point now);

 private:
  struct Seen {
    Clock::time_point at;
    std::uint64_t settled = 0;
  };
  std::map<std::string, Seen> seen_;
};

}  // namespace hangar
