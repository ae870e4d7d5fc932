#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace hangar::cli {

Terminal standard_output() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return {.width = size.ws_col, .height = size.ws_row};
}

}  // namespace hangar::cli
