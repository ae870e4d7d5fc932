#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace hangar {

using std::chrono::steady_clock;

std::optional<std::uint64_t> rate_of(std::size_t done, std::chrono::nanoseconds within) noexcept {
  const double seconds = std::chrono::duration<double>(within).count();
  if (seconds < 1) return std::nullopt;
  return static_cast<std::uint64_t>(static_cast<double>(done) / seconds);
}

Progress::Progress(std::string label, std::size_t total, std::size_t done)
    : label_{std::move(label)},
      total_{total},
      at_begin_{done},
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
  const auto rate = rate_of(done - std::min(done, at_begin_), steady_clock::now() - begin_);
  if (!terminal_) {
    const std::string total = total_ == 0 ? "" : fmt::format(" total={}", total_);
    const std::string speed = rate ? fmt::format(" rate={}/s", *rate) : "";
    fmt::print(stderr, "{} done={}{}{}\n", label_, done, total, speed);
    return;
  }
  const std::string speed = rate ? fmt::format("{}/s", *rate) : "";
  if (total_ == 0) {
    fmt::print(stderr, "\r{} {}  {}  ", label_, done, speed);
    std::fflush(stderr);
    return;
  }
  const std::size_t filled = std::min(cells, done * cells / total_);
  fmt::print(stderr, "\r{} [{:<{}}] {}/{}  {}  ", label_, std::string(filled, '='), cells, done,
             total_, speed);
  std::fflush(stderr);
}

}  // namespace hangar
