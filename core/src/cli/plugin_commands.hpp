#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "hangar/command.hpp"
#include "hangar/config.hpp"
#include "hangar/host.hpp"
#include "host/installation.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the name is CLI11's
class App;
}  // namespace CLI

namespace hangar {

/// The commands that services add to the program.
class PluginCommands {
 public:
  /// Finds the plugins. Throws ConfigError where these settings cannot be read.
  explicit PluginCommands(const HostOptions& host);

  /// Adds those that can be called. `added` is called with each, and with what it does, which
  /// returns an exit code and needs this object.
  using Added = std::function<void(CLI::App& command, std::function<int()> action)>;
  void add_to(CLI::App& program, const Added& added);

  /// Why there may be others, one sentence each: of plugins that were refused, and of commands that
  /// were left out.
  [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }

 private:
  void add_group(CLI::App& program, const Installation::Service& service, const Added& added);
  void add_command(CLI::App& group, const Installation::Service& service, const CommandInfo& info,
                   const Added& added);
  int run(const Installation::Service& service, Command& command);

  Installation installation_;
  std::vector<std::string> faults_;
  std::list<std::unique_ptr<Command>> commands_;
  std::list<Fields> options_;
};

}  // namespace hangar
