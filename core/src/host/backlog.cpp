#include "host/backlog.hpp"

#include <fmt/format.h>

namespace hangar {
namespace {

constexpr std::chrono::seconds interval{10};

std::string about(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.0f} h", seconds / 3600);
}

}  // namespace

std::optional<std::string> Backlog::look(const std::string& service, std::uint64_t settled,
                                         std::uint64_t pending, Clock::time_point now) {
  const auto [found, is_new] = seen_.try_emplace(service, Seen{now, settled});
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
                     service, done, seconds, rate, pending, rest);
}

}  // namespace hangar
