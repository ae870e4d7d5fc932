#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/host_status.hpp"

namespace hangar::cli {

/// How a terminal shows its lines.
struct Terminal {
  std::size_t width = 0;   ///< Characters of a line; 0: as many as it has.
  std::size_t height = 0;  ///< Lines that are seen; 0: all.
};

/// For a person: each host with its services, what waits, storage, broker and dead letters.
std::vector<std::string> host_lines(const std::vector<HostStatus>& hosts);

/// The line, cut to so many characters with `…` at its end; 0: as long as it is.
std::string cut(std::string_view line, std::size_t width);

/// The lines as they fit in the terminal's width.
std::string text_of(const std::vector<std::string>& lines, const Terminal& terminal);

}  // namespace hangar::cli
