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
  const Colours wanted = wanted_colours();
  Terminal terminal;
  terminal.colours = wanted == Colours::always;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return terminal;
  terminal.width = size.ws_col;
  terminal.height = size.ws_row;
  terminal.draws = understands_sequences();
  if (wanted == Colours::at_a_terminal) terminal.colours = terminal.draws;
  return terminal;
}

OtherScreen::OtherScreen() { std::cout << "\x1b[?1049h\x1b[?25l" << std::flush; }

OtherScreen::~OtherScreen() { std::cout << "\x1b[?25h\x1b[?1049l" << std::flush; }

}  // namespace hangar::cli
