#include "cli/host_lines.hpp"

#include <fmt/format.h>

#include <chrono>
#include <sstream>

#include "cli/table.hpp"
#include "config/value.hpp"
#include "log/stderr_log.hpp"

namespace hangar::cli {
namespace {

std::string seconds_text(std::uint64_t seconds) {
  return format_duration(std::chrono::seconds{seconds});
}

TextTable services_table(const HostStatus& host) {
  TextTable table{{"SERVICE", "STATE", "RESTARTS", "LAG", "WAITING", "UNACKED"}};
  for (const HostStatus::Service& service : host.services) {
    const std::string restarts = std::to_string(service.restarts);
    if (service.sources.empty()) table.add({service.name, service.state, restarts, "", "", ""});
    for (const HostStatus::Source& source : service.sources) {
      table.add({source.title, service.state, restarts,
                 source.connected ? seconds_text(source.lag_seconds) : "?",
                 std::to_string(source.pending), std::to_string(source.ack_pending)});
    }
  }
  return table;
}

void add_host(const HostStatus& host, std::vector<std::string>& lines) {
  lines.push_back(printable(fmt::format("hangar {} at {}: {}", host.version, host.address,
                                        host.ready ? "ready" : "not ready")));
  for (const std::string& failure : host.failures) lines.push_back("  " + printable(failure));
  std::stringstream table;
  services_table(host).print(table);
  for (std::string line; std::getline(table, line);) lines.push_back(line);
  lines.push_back("storage       " + printable(host.storage));
  lines.push_back("broker        " + printable(host.broker));
  lines.push_back(fmt::format("dead letters  {}", host.dead_letters));
}

}  // namespace

std::vector<std::string> host_lines(const std::vector<HostStatus>& hosts) {
  std::vector<std::string> lines;
  for (const HostStatus& host : hosts) {
    if (&host != &hosts.front()) lines.emplace_back();
    add_host(host, lines);
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

std::string text_of(const std::vector<std::string>& lines, const Terminal& terminal) {
  std::string text;
  for (const std::string& line : lines) text += cut(line, terminal.width) + '\n';
  return text;
}

}  // namespace hangar::cli
