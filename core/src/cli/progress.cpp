#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace hangar {

using std::chrono::steady_clock;

Progress::Progress(std::string label, std::size_t total)
    : label_{std::move(label)},
      total_{total},
      terminal_{::isatty(STDERR_FILENO) == 1},
      begin_{steady_clock::now()},
      drawn_{begin_} {}

void Progress::update(std::size_t done) {
  const auto pause = terminal_ ? std::chrono::milliseconds{100} : std::chrono::seconds{5};
  const auto now = steady_clock::now();
  if (now - drawn_ < pause) return;
  drawn_ = now;
  draw(done);
}

void Progress::finish(std::size_t done) {
  draw(done);
  if (terminal_) std::fputc('\n', stderr);
}

void Progress::draw(std::size_t done) {
  constexpr std::size_t cells = 30;
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begin_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  if (!terminal_) {
    const std::string total = total_ == 0 ? "" : fmt::format(" total={}", total_);
    fmt::print(stderr, "{} done={}{} rate={:.0f}/s\n", label_, done, total, rate);
    return;
  }
  if (total_ == 0) {
    fmt::print(stderr, "\r{} {}  {:.0f}/s  ", label_, done, rate);
    std::fflush(stderr);
    return;
  }
  const std::size_t filled = std::min(cells, done * cells / total_);
  fmt::print(stderr, "\r{} [{:<{}}] {}/{}  {:.0f}/s  ", label_, std::string(filled, '='), cells,
             done, total_, rate);
  std::fflush(stderr);
}

}  // namespace hangar
