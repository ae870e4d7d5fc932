#include <boost/json.hpp>
#include <exception>
#include <iostream>

#include "api/describe.hpp"
#include "cli/commands.hpp"
#include "cli/refusals.hpp"
#include "cli/table.hpp"
#include "config/sections.hpp"
#include "hangar/version.hpp"
#include "host/installation.hpp"
#include "service/needs_check.hpp"
#include "status/state_file.hpp"

namespace json = boost::json;

namespace hangar::cli {
namespace {

std::string switch_of(std::string_view service) {
  return environment_name("services." + std::string{service} + ".enabled");
}

}  // namespace

int list_services(const HostOptions& host, Output output) {
  Installation installation{host};
  installation.load();
  const auto folder = installation.known_data_dir();
  const auto running = folder ? StateFile::read(*folder) : ServiceStatuses{};
  TextTable table{{"NAME", "ENABLED", "STATE", "VERSION", "ENVIRONMENT VARIABLE", "DESCRIPTION"}};
  json::array rows;
  for (const auto& service : installation.services()) {
    const auto found = running.find(std::string_view{service.plugin->name});
    ServiceStatus status =
        found == running.end() ? ServiceStatus{.state = "stopped", .failure = {}} : found->second;
    const bool enabled = service.factory->enabled();
    Needs needs;
    try {
      needs = checked_needs(service.plugin->name, *service.factory);
    } catch (...) {
      status.failure = describe(std::current_exception());
    }
    table.add({service.plugin->name, enabled ? "yes" : "no",
               status.failure.empty() ? status.state : status.state + ": " + status.failure,
               service.plugin->version, switch_of(service.plugin->name), service.plugin->summary});
    json::array tables;
    for (const Table* wanted : needs.tables) tables.emplace_back(wanted->name);
    json::array reads;
    for (const SourceOptions& read : needs.reads) {
      reads.push_back({{"name", read.name},
                       {"stream", read.stream},
                       {"filter_subject", read.filter_subject},
                       {"durable", read.durable}});
    }
    for (const LiveOptions& live : needs.live) {
      reads.push_back({{"name", live.name},
                       {"stream", live.stream},
                       {"filter_subject", live.filter_subject},
                       {"durable", nullptr}});
    }
    json::array steers;
    for (const Steers& consumer : needs.steers) {
      steers.push_back({{"stream", consumer.stream}, {"durable", consumer.durable}});
    }
    json::array leases;
    for (const std::string& lease : needs.leases) leases.emplace_back(lease);
    const json::array watches(needs.watches.begin(), needs.watches.end());
    json::array listens;
    for (const ListensOn& wanted : needs.listens) {
      listens.push_back({{"name", wanted.name}, {"address", wanted.address}});
    }
    json::array commands;
    for (const CommandInfo& command : service.plugin->commands) {
      commands.push_back({{"name", command.name},
                          {"group", service.plugin->command_group},
                          {"description", command.summary}});
    }
    rows.push_back({{"name", service.plugin->name},
                    {"enabled", enabled},
                    {"environment_variable", switch_of(service.plugin->name)},
                    {"description", service.plugin->summary},
                    {"version", service.plugin->version},
                    {"state", status.state},
                    {"failure", status.failure},
                    {"tables", std::move(tables)},
                    {"reads", std::move(reads)},
                    {"steers", std::move(steers)},
                    {"leases", std::move(leases)},
                    {"watches", watches},
                    {"listens", std::move(listens)},
                    {"commands", std::move(commands)}});
  }
  print(output, rows, table);
  return tell_refusals(installation);
}

int list_plugins(const HostOptions& host, Output output) {
  const Installation installation{host};
  int code = exit_code::done;
  TextTable table{{"NAME", "KIND", "STATE", "VERSION", "PATH", "DESCRIPTION"}};
  json::array rows;
  for (const FoundPlugin& found : installation.plugins()) {
    const Plugin* plugin = found.plugin;
    const std::string name = plugin != nullptr ? plugin->name : found.path.stem().string();
    const char* kind = plugin == nullptr                       ? ""
                       : plugin->kind == Plugin::Kind::service ? "service"
                                                               : "storage";
    const char* version = plugin != nullptr ? plugin->version : "";
    const bool hidden = !found.hidden_by.empty();
    const std::string text = plugin != nullptr ? plugin->summary
                             : hidden          ? "by " + found.hidden_by.string()
                                               : found.refusal;
    const char* state = plugin != nullptr ? "loaded" : hidden ? "hidden" : "refused";
    if (found.refused() && !found.switched_off) code = exit_code::failed;
    table.add({name, kind, state, version, found.path.string(), text});
    rows.push_back({{"name", name},
                    {"kind", kind},
                    {"state", state},
                    {"version", version},
                    {"path", found.path.string()},
                    {"description", plugin != nullptr ? text : ""},
                    {"refusal", found.refusal},
                    {"hidden_by", found.hidden_by.string()}});
  }
  print(output, rows, table);
  return code;
}

int print_version(Output output) {
  if (output == Output::json) {
    std::cout << json::serialize(json::object{{"version", version},
                                              {"plugin_abi", HANGAR_PLUGIN_ABI},
                                              {"build_tag", build_tag}})
              << '\n';
  } else {
    std::cout << "hangar " << version << " (" << build_tag << ")\n";
  }
  return exit_code::done;
}

}  // namespace hangar::cli
