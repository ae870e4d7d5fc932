#include "cli/host_lines.hpp"

#include <fmt/format.h>

#include <sstream>

#include "cli/table.hpp"
#include "config/value.hpp"
#include "log/stderr_log.hpp"

namespace hangar::cli {
namespace {

std::string seconds_text(std::uint64_t seconds) {
  return format_duration(std::chrono::seconds{seconds});
}

std::string rate_text(std::optional<double> rate) {
  if (!rate) return "?";
  return *rate > 0 && *rate < 10 ? fmt::format("{:.1f}/s", *rate) : fmt::format("{:.0f}/s", *rate);
}

class ServiceTable {
 public:
  explicit ServiceTable(const Rates& rates) : rates_{rates} {}

  void add(const HostStatus& host, const HostStatus::Service& service) {
    const std::string restarts = std::to_string(service.restarts);
    const Tone tone = service.state == "running" ? Tone::plain : Tone::warning;
    if (service.sources.empty()) add({service.name, service.state, restarts, "", "", "", ""}, tone);
    for (const HostStatus::Source& source : service.sources) {
      add({source.title, service.state, restarts, rate_text(rates_.of(host, source)),
           source.connected ? seconds_text(source.lag_seconds) : "?",
           std::to_string(source.pending), std::to_string(source.ack_pending)},
          tone);
    }
  }

  void print(std::vector<ShownLine>& lines) const {
    std::stringstream text;
    table_.print(text);
    auto tone = tones_.begin();
    for (std::string line; std::getline(text, line); ++tone) lines.push_back({line, *tone});
  }

 private:
  void add(std::vector<std::string> row, Tone tone) {
    table_.add(std::move(row));
    tones_.push_back(tone);
  }

  const Rates& rates_;
  TextTable table_{{"SERVICE", "STATE", "RESTARTS", "RATE", "LAG", "WAITING", "UNACKED"}};
  std::vector<Tone> tones_{Tone::plain};  // the heading's
};

void add_host(const HostStatus& host, const Rates& rates, std::vector<ShownLine>& lines) {
  lines.push_back({printable(fmt::format("hangar {} at {}: {}", host.version, host.address,
                                         host.ready ? "ready" : "not ready")),
                   host.ready ? Tone::good : Tone::bad});
  for (const std::string& failure : host.failures) {
    lines.push_back({"  " + printable(failure), Tone::bad});
  }
  ServiceTable table{rates};
  for (const HostStatus::Service& service : host.services) table.add(host, service);
  table.print(lines);
  lines.push_back({"storage       " + printable(host.storage)});
  lines.push_back({"broker        " + printable(host.broker)});
  lines.push_back({fmt::format("dead letters  {}", host.dead_letters),
                   host.dead_letters > 0 ? Tone::warning : Tone::plain});
}

std::string_view colour_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\x1b[32m";
    case Tone::warning:
      return "\x1b[33m";
    case Tone::bad:
      return "\x1b[31m";
    case Tone::plain:
      break;
  }
  return {};
}

}  // namespace

void Rates::look(const std::vector<HostStatus>& hosts, Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - at_).count();
  std::map<Key, std::uint64_t> settled;
  rates_.clear();
  for (const HostStatus& host : hosts) {
    for (const HostStatus::Service& service : host.services) {
      for (const HostStatus::Source& source : service.sources) {
        const Key key{host.address, source.title};
        const std::uint64_t present = source.settled;
        settled[key] = present;
        const auto before = settled_.find(key);
        if (before == settled_.end() || before->second > present || seconds <= 0) continue;
        rates_[key] = static_cast<double>(present - before->second) / seconds;
      }
    }
  }
  settled_ = std::move(settled);
  at_ = now;
}

std::optional<double> Rates::of(const HostStatus& host, const HostStatus::Source& source) const {
  const auto rate = rates_.find({host.address, source.title});
  return rate == rates_.end() ? std::nullopt : std::optional{rate->second};
}

std::vector<ShownLine> host_lines(const std::vector<HostStatus>& hosts, const Rates& rates) {
  std::vector<ShownLine> lines;
  for (const HostStatus& host : hosts) {
    if (&host != &hosts.front()) lines.emplace_back();
    add_host(host, rates, lines);
  }
  return lines;
}

std::string cut(std::string_view line, std::size_t width) {
  std::size_t characters = 0;
  std::size_t room = 0;  // where the last one begins that is still to be seen
  for (std::size_t at = 0; at < line.size(); ++at) {
    if ((static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U) continue;
    if (++characters == width) room = at;
  }
  if (width == 0 || characters <= width) return std::string{line};
  return std::string{line.substr(0, room)} + "…";
}

std::string text_of(const std::vector<ShownLine>& lines, const Terminal& terminal,
                    std::string_view line_end) {
  std::string text;
  for (const ShownLine& line : lines) {
    const std::string_view colour = terminal.colours ? colour_of(line.tone) : std::string_view{};
    text += fmt::format("{}{}{}{}", colour, cut(line.text, terminal.width),
                        colour.empty() ? "" : "\x1b[0m", line_end);
  }
  return text;
}

std::string frame_of(std::vector<ShownLine> lines, const Terminal& terminal) {
  // The cursor stands below the last line.
  const std::size_t room = terminal.height > 0 ? terminal.height - 1 : lines.size();
  if (lines.size() > room) {
    const std::size_t shown = room > 0 ? room - 1 : 0;
    const std::size_t more = lines.size() - shown;
    lines.resize(shown);
    if (room > 0) lines.push_back({fmt::format("… and {} more lines", more)});
  }
  constexpr std::string_view home = "\x1b[H";
  constexpr std::string_view line_end = "\x1b[K\n";  // the rest of a longer line that was there
  constexpr std::string_view clear_below = "\x1b[J";
  return fmt::format("{}{}{}", home, text_of(lines, terminal, line_end), clear_below);
}

}  // namespace hangar::cli
