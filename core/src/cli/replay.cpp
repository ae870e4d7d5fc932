#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/reach_nats.hpp"
#include "cli/since.hpp"
#include "hangar/host.hpp"
#include "host/installation.hpp"
#include "host/nats_server.hpp"
#include "log/stderr_log.hpp"

namespace hangar::cli {
namespace {

void look_for_nats(const HostOptions& host) {
  Installation installation{host};
  installation.load();
  StderrLog log{"hangar", log_level(installation.config().log.level), StderrLog::Format::text};
  const NatsServer nats_server{installation, log};
  reach_nats(nats_server.settings(), "hangar replay", log);
}

std::string_view remark(const ReplayProgress& last) {
  if (!last.complete) return "; not all: run it again, which changes nothing that is done";
  return last.total == 0 ? "; the streams hold nothing from there on" : "";
}

}  // namespace

int replay(HostOptions host, const ReplayStart& start) {
  ReplayOptions options;
  options.sequence = start.sequence;
  if (!start.since.empty()) {
    options.since = parse_since(start.since, std::chrono::system_clock::now());
  }
  std::optional<Progress> bar;
  ReplayProgress last;
  options.progress = [&](const ReplayProgress& now) {
    last = now;
    const std::uint64_t done = now.applied + now.dead_lettered;
    if (!bar && now.total > 0) bar.emplace("replayed", now.total, done);
    if (bar) bar->update(done);
  };
  look_for_nats(host);
  host.replay = std::move(options);
  const int code = Host{std::move(host)}.run_services();
  if (bar) bar->finish(last.applied + last.dead_lettered);
  fmt::print(stderr, "{} of {} events applied again, {} dead-lettered{}\n", last.applied,
             last.total, last.dead_lettered, remark(last));
  return code;
}

}  // namespace hangar::cli
