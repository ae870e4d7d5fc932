#include "cli/host_status.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <utility>

#include "cli/running_hosts.hpp"
#include "hangar/needs.hpp"
#include "text/json_member.hpp"

namespace json = boost::json;

namespace hangar::cli {
namespace {

std::uint64_t count_member(const json::object& object, std::string_view name) {
  const std::int64_t number = integer_member(object, name);
  return number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

HostStatus::Service service_status(std::string_view name, const json::object& told) {
  HostStatus::Service service{.name = std::string{name},
                              .state = text_member(told, "state"),
                              .restarts = count_member(told, "restarts"),
                              .sources = {}};
  for (const auto& [called, value] : object_member(told, "sources")) {
    if (!value.is_object()) continue;
    const json::object& source = value.as_object();
    const json::object& counters = object_member(source, "counters");
    service.sources.push_back(
        {.title = std::string_view{called} == SourceOptions{}.name
                      ? service.name
                      : fmt::format("{}.{}", service.name, std::string_view{called}),
         .durable = text_member(source, "consumer"),
         .connected = flag_member(source, "connected"),
         .pending = count_member(source, "pending"),
         .ack_pending = count_member(source, "ack_pending"),
         .lag_seconds = count_member(source, "lag_seconds"),
         .settled = count_member(counters, "acked") + count_member(counters, "rejected")});
  }
  return service;
}

std::string storage_status(const json::object& told) {
  std::string text = text_member(told, "type");
  return flag_member(told, "down")
             ? fmt::format("{}, does not answer: {}", text, text_member(told, "last_error"))
             : text;
}

std::string broker_status(const json::object& told) {
  std::vector<std::string> urls;
  if (const json::value* all = told.if_contains("urls"); all != nullptr && all->is_array()) {
    for (const json::value& url : all->as_array()) {
      if (url.is_string()) urls.emplace_back(url.as_string());
    }
  }
  return fmt::format("{}, {}", fmt::join(urls, " "),
                     flag_member(told, "connected") ? "connected" : "not connected");
}

}  // namespace

std::optional<HostStatus> parse_host_status(const std::string& address, std::string_view body) {
  boost::system::error_code failed;
  json::value told = json::parse(body, failed);
  if (failed || !told.is_object()) return std::nullopt;
  json::object& all = told.as_object();
  if (!all.contains("version") || !all.contains("services")) return std::nullopt;
  HostStatus host{.address = address,
                  .version = text_member(all, "version"),
                  .ready = flag_member(all, "ready"),
                  .failures = {},
                  .services = {},
                  .storage = storage_status(object_member(all, "storage")),
                  .broker = broker_status(object_member(all, "nats")),
                  .dead_letters = count_member(all, "dead_letters"),
                  .told = {}};
  for (const auto& [check, why] : object_member(all, "failures")) {
    if (!why.is_string()) continue;
    host.failures.push_back(
        fmt::format("{}: {}", std::string_view{check}, std::string_view{why.as_string()}));
  }
  for (const auto& [name, service] : object_member(all, "services")) {
    if (service.is_object()) host.services.push_back(service_status(name, service.as_object()));
  }
  all["address"] = address;
  host.told = std::move(all);
  return host;
}

FoundHosts find_hosts(const std::optional<std::filesystem::path>& data_dir,
                      const std::string& listen) {
  FoundHosts found;
  for (const auto& [address, answer] : ask_running_hosts(data_dir, listen, "/status")) {
    if (!answer) {
      found.troubles.push_back(
          fmt::format("the host at {} lives and does not answer within 2 s", address));
    } else if (auto host = parse_host_status(address, answer->body)) {
      found.hosts.push_back(*std::move(host));
    } else {
      found.troubles.push_back(fmt::format("what answers at {} is no hangar", address));
    }
  }
  if (found.hosts.empty() && found.troubles.empty()) {
    std::string silent = silent_hosts(data_dir);
    found.troubles.push_back(
        !silent.empty()
            ? std::move(silent)
            : fmt::format("no host answers{} or has this data_dir: where one runs, give this "
                          "command its settings (-c FILE)",
                          listen.empty() ? "" : fmt::format(" at {} (admin.listen)", listen)));
  }
  return found;
}

std::vector<std::string> why_not_ready(const FoundHosts& found) {
  std::vector<std::string> reasons = found.troubles;
  for (const HostStatus& host : found.hosts) {
    if (host.ready) continue;
    for (const std::string& failure : host.failures) {
      reasons.push_back(fmt::format("the host at {} is not ready: {}", host.address, failure));
    }
    if (host.failures.empty()) {
      reasons.push_back(fmt::format("the host at {} is not ready", host.address));
    }
  }
  return reasons;
}

}  // namespace hangar::cli
