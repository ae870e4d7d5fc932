#include "cli/plugin_commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "api/describe.hpp"
#include "cli/command_options.hpp"
#include "cli/reach_nats.hpp"
#include "hangar/error.hpp"
#include "hangar/service.hpp"
#include "host/nats_server.hpp"
#include "host/single_run.hpp"
#include "jetstream/steered_consumer.hpp"
#include "jetstream/stream_publisher.hpp"
#include "log/stderr_log.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

/// A command as a service that ends by itself.
class CommandRun final : public ServiceFactory {
 public:
  CommandRun(const ServiceFactory& service, Command& command, int& code)
      : service_{service}, command_{command}, code_{code} {}

  void fields(Fields&) override {}
  [[nodiscard]] bool enabled() const override { return true; }
  [[nodiscard]] Needs needs() const override {
    Needs its = service_.needs();
    Needs needs;
    needs.tables = std::move(its.tables);
    needs.publishes = std::move(its.publishes);
    needs.steers = std::move(its.steers);
    return needs;
  }
  [[nodiscard]] std::unique_ptr<Service> make(Context& context) const override {
    struct Run final : Service {
      Run(Command& of, Context& in, int& to) : command{of}, context{in}, code{to} {}
      Command& command;
      Context& context;
      int& code;
      asio::awaitable<void> run() override { code = co_await command.run(context); }
    };
    return std::make_unique<Run>(command_, context, code_);
  }

 private:
  const ServiceFactory& service_;
  Command& command_;
  int& code_;
};

/// Null when there is none of that name.
CLI::App* find_command(CLI::App& of, std::string_view name) {
  const auto found =
      of.get_subcommands([&](const CLI::App* one) { return one->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

}  // namespace

PluginCommands::PluginCommands(const HostOptions& host) : installation_{host} {
  for (const FoundPlugin& found : installation_.plugins()) {
    if (!found.refused()) continue;
    faults_.push_back(fmt::format("plugin {} is refused: {}",
                                  printable(found.path.filename().string()),
                                  printable(found.refusal)));
  }
}

void PluginCommands::add_to(CLI::App& program, const Added& added) {
  std::map<std::string_view, std::vector<const Installation::Service*>> groups;
  for (const Installation::Service& service : installation_.services()) {
    if (!service.plugin->commands.empty()) {
      groups[service.plugin->command_group].push_back(&service);
    }
  }
  for (const auto& [group, services] : groups) {
    const auto& first = *services.front();
    if (find_command(program, group) != nullptr) {
      faults_.push_back(
          fmt::format("the commands `hangar {}` of service {} are left out: Hangar has a command "
                      "of that name itself",
                      group, first.plugin->name));
    } else if (services.size() > 1) {
      faults_.push_back(
          fmt::format("the commands `hangar {}` are left out: services {} and {} both have some, "
                      "and only one of these two plugins may be installed",
                      group, first.plugin->name, services[1]->plugin->name));
    } else {
      add_group(program, first, added);
    }
  }
}

void PluginCommands::add_group(CLI::App& program, const Installation::Service& service,
                               const Added& added) {
  const Plugin& plugin = *service.plugin;
  CLI::App* group = program.add_subcommand(plugin.command_group,
                                           fmt::format("Commands of the service {}", plugin.name));
  group->require_subcommand(1);
  for (const CommandInfo& info : plugin.commands) {
    try {
      add_command(*group, service, info, added);
    } catch (...) {
      if (CLI::App* half = find_command(*group, info.name)) group->remove_subcommand(half);
      faults_.push_back(fmt::format("the command `hangar {} {}` is left out: its options: {}",
                                    plugin.command_group, info.name,
                                    describe(std::current_exception())));
    }
  }
}

void PluginCommands::add_command(CLI::App& group, const Installation::Service& service,
                                 const CommandInfo& info, const Added& added) {
  std::unique_ptr<Command> made{info.make_command(*service.factory)};
  if (!made) throw Error{"nothing was made of it"};
  Command& command = *commands_.emplace_back(std::move(made));
  Fields& options = options_.emplace_back();
  command.options(options);
  CLI::App* sub = group.add_subcommand(info.name, info.summary);
  add_options(*sub, options);
  added(*sub, [this, &service, &command] { return run(service, command); });
}

int PluginCommands::run(const Installation::Service& service, Command& command) {
  installation_.load();
  int code = 0;
  auto log = std::make_unique<StderrLog>(
      service.plugin->name, log_level(installation_.config().log.level), StderrLog::Format::text);
  Log& told = *log;
  SingleRun run{*service.plugin, std::make_unique<CommandRun>(*service.factory, command, code),
                std::move(log)};
  const Needs needs = run.needs();
  std::optional<NatsServer> nats;
  if (!needs.publishes.empty() || !needs.steers.empty()) {
    nats.emplace(installation_, told);
    cli::reach_nats(nats->settings(), fmt::format("hangar {}", service.plugin->command_group),
                    told);
  }
  std::unique_ptr<Storage> storage;

  ServiceResources resources;
  resources.storage = [&]() -> Storage& {
    if (!storage) storage = installation_.make_storage();
    return *storage;
  };
  resources.creation = installation_.creation();
  resources.waits_for_storage = false;
  const std::string name = service.plugin->name;
  resources.make_publisher = [&](const auto& on, const auto& targets, Log& to) {
    return StreamPublisher::start(on, nats->settings(), name, targets, to);
  };
  resources.make_consumer = [&](const auto& on, const auto& which, Log& to) {
    return SteeredConsumer::start(on, nats->settings(), name, which, to);
  };
  const int signal = run.run(std::move(resources));
  return signal != 0 ? 128 + signal : code;
}

}  // namespace hangar
