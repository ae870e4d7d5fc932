#include "host/backlog.hpp"

#include <fmt/format.h>

#include <utility>

namespace hangar {
namespace {

constexpr std::chrono::seconds interval{10};

std::string about(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.0f} h", seconds / 3600);
}

}  // namespace

std::vector<std::string> Backlog::look(const Snapshot& seen, Clock::time_point now) {
  std::vector<std::string> lines;
  for (const Snapshot::Service& service : seen.services) {
    for (const Snapshot::Source& source : service.sources) {
      auto line = look(source.title, source.acked + source.rejected, source.pending, now);
      if (line) lines.push_back(*std::move(line));
    }
  }
  return lines;
}

std::optional<std::string> Backlog::look(const std::string& source, std::uint64_t settled,
                                         std::uint64_t pending, Clock::time_point now) {
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
  return fmt::format("{}: {} events settled in {:.0f} s ({:.0f}/s), {} wait in the stream{}",
                     source, done, seconds, rate, pending, rest);
}

}  // namespace hangar
