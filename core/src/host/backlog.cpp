#include "host/backlog.hpp"

#include <fmt/format.h>

#include <utility>

namespace hangar {
namespace {

constexpr std::chrono::seconds interval{5};

std::string about(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.0f} h", seconds / 3600);
}

}  // namespace

std::vector<std::string> Backlog::look(const Snapshot& seen, Clock::time_point now) {
  if (!begun_) begun_ = now;
  std::vector<std::string> lines;
  for (const Snapshot::Service& service : seen.services) {
    for (const Snapshot::Source& source : service.sources) {
      auto line = look(source.title,
                       {.settled = source.acked + source.rejected,
                        .pending = source.pending,
                        .lag_seconds = source.lag_seconds},
                       now);
      if (line) lines.push_back(*std::move(line));
    }
  }
  return lines;
}

std::optional<std::string> Backlog::look(const std::string& source, const Numbers& numbers,
                                         Clock::time_point now) {
  const auto& [settled, pending, lag_seconds] = numbers;
  const auto [found, is_new] = seen_.try_emplace(source, Seen{now, settled});
  Seen& seen = found->second;
  if (is_new || now - seen.at < interval) return std::nullopt;
  const double seconds = std::chrono::duration<double>(now - seen.at).count();
  const std::uint64_t done = settled - seen.settled;
  seen = {now, settled};
  const double rate = static_cast<double>(done) / seconds;
  const auto waiting = static_cast<double>(pending);
  if (pending == 0 || waiting <= rate) return std::nullopt;
  const std::string rest = done == 0 ? "" : fmt::format(", about {} to go", about(waiting / rate));
  return fmt::format(
      "{}: {} events settled in {:.0f} s ({:.0f}/s), {} wait in the stream, lag {}{}", source, done,
      seconds, rate, pending, about(static_cast<double>(lag_seconds)), rest);
}

std::vector<std::string> Backlog::totals(const Snapshot& seen, Clock::time_point now) const {
  const double seconds = begun_ ? std::chrono::duration<double>(now - *begun_).count() : 0;
  std::vector<std::string> lines;
  for (const Snapshot::Service& service : seen.services) {
    for (const Snapshot::Source& source : service.sources) {
      if (source.received == 0) continue;
      const auto settled = static_cast<double>(source.acked + source.rejected);
      lines.push_back(fmt::format(
          "{}: {} events settled in {}{}, {} of them dead letters; {} wait in the stream",
          source.title, source.acked + source.rejected, about(seconds),
          seconds < 1 ? "" : fmt::format(" ({:.0f}/s)", settled / seconds), source.rejected,
          source.pending));
    }
  }
  return lines;
}

}  // namespace hangar
