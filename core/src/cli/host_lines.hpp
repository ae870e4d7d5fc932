#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/host_status.hpp"

namespace hangar::cli {

/// How a terminal shows its lines.
struct Terminal {
  std::size_t width = 0;   ///< Characters of a line; 0: as many as it has.
  std::size_t height = 0;  ///< Lines that are seen; 0: all.
  bool colours = false;
  bool draws = false;  ///< Whether what it shows can be drawn anew.
};

/// What a line is where colours tell it.
enum class Tone { plain, good, warning, bad };

struct ShownLine {
  std::string text;
  Tone tone = Tone::plain;
};

/// How many messages a second each source settles: the difference of two looks.
class Rates {
 public:
  using Clock = std::chrono::steady_clock;
  void look(const std::vector<HostStatus>& hosts, Clock::time_point now);
  /// Nothing for a source that the look before had not, or that began to count anew since.
  [[nodiscard]] std::optional<double> of(const HostStatus& host,
                                         const HostStatus::Source& source) const;

 private:
  using Key = std::pair<std::string, std::string>;  // the host's address and the source's title
  std::map<Key, std::uint64_t> settled_;
  std::map<Key, double> rates_;
  Clock::time_point at_;
};

/// For a person: each host with its services, rates, what waits, storage, broker and dead letters.
std::vector<ShownLine> host_lines(const std::vector<HostStatus>& hosts, const Rates& rates);

/// The line, cut to so many characters with `…` at its end; 0: as long as it is.
std::string cut(std::string_view line, std::size_t width);

/// The lines as they fit in the terminal's width, each with `line_end` behind.
std::string text_of(const std::vector<ShownLine>& lines, const Terminal& terminal,
                    std::string_view line_end = "\n");

/// What draws the lines in the place of what the terminal shows: as many as it has room for, and
/// then how many more there are.
std::string frame_of(std::vector<ShownLine> lines, const Terminal& terminal);

}  // namespace hangar::cli
