#include "admin/routes.hpp"

#include <fmt/format.h>

#include "admin/page.hpp"
#include "admin/readiness.hpp"
#include "admin/status.hpp"
#include "metrics/host_metrics.hpp"

namespace hangar {
namespace {

HttpReply livez(const Snapshot& seen) {
  const auto stuck = seen.stuck_for.count();
  if (stuck == 0) return {.body = "ok\n"};
  return {.status = 503, .body = fmt::format("the event loop has not ticked for {} s\n", stuck)};
}

HttpReply readyz(const Snapshot& seen, bool verbose) {
  const Readiness readiness{seen};
  const bool ready = readiness.ready();
  return {.status = ready ? 200U : 503U, .body = ready && !verbose ? "ok\n" : readiness.text()};
}

bool is_verbose(std::string_view query) {
  while (!query.empty()) {
    const auto word = query.substr(0, query.find('&'));
    if (word == "verbose" || word.starts_with("verbose=")) return true;
    query.remove_prefix(word.size() < query.size() ? word.size() + 1 : word.size());
  }
  return false;
}

}  // namespace

HttpReply admin_reply(std::string_view method, std::string_view target, const Snapshot& seen,
                      const prometheus::Collectable& services, const History& history) {
  if (method != "GET" && method != "HEAD") {
    return {.status = 405, .body = "only GET and HEAD are allowed\n", .allow = "GET, HEAD"};
  }
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  const auto query = question == target.npos ? std::string_view{} : target.substr(question + 1);
  if (path == "/") return page_reply();
  if (path == "/livez") return livez(seen);
  if (path == "/readyz") return readyz(seen, is_verbose(query));
  if (path == "/metrics") {
    return {.type = "text/plain; version=0.0.4; charset=utf-8",
            .body = metrics_text(seen, Readiness{seen}.ready(), ProcessNumbers::read(), services)};
  }
  if (path == "/status") return {.type = "application/json", .body = status_json(seen)};
  if (path == "/history") return {.type = "application/json", .body = history.json()};
  return {.status = 404, .body = "there are /, /livez, /readyz, /metrics, /status and /history\n"};
}

}  // namespace hangar
