#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "log/stderr_log.hpp"

namespace hangar::cli {
namespace {

bool understands_sequences() {
  const char* const term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  return term != nullptr && *term != '\0' && std::string_view{term} != "dumb";
}

}  // namespace

Terminal standard_output() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  const bool draws = understands_sequences();
  return {.width = size.ws_col,
          .height = size.ws_row,
          .colours = draws && !wants_no_colours(),
          .draws = draws};
}

OtherScreen::OtherScreen() { std::cout << "\x1b[?1049h\x1b[?25l" << std::flush; }

OtherScreen::~OtherScreen() { std::cout << "\x1b[?25h\x1b[?1049l" << std::flush; }

}  // namespace hangar::cli
