#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "config/problems.hpp"
#include "hangar/needs.hpp"
#include "hangar/plugin.hpp"
#include "host/host_config.hpp"

namespace hangar {

/// Throws ConfigError for a relative path: a folder that depends on where one stands is nobody's
/// own.
void check_plugin_folders(const std::vector<std::string>& folders);

/// Throws ConfigError, of data_dir, when the folder cannot be made or nothing can be made in it; by
/// a folder that is made and deleted.
void check_writable(const std::filesystem::path& folder);

/// A service that is to run.
struct CheckedService {
  std::string name;
  const ServiceFactory* factory;
};

/// Finds what would be refused later, without any connection and by the code that refuses it then.
/// Each error names the place, variable or flag that set the value.
class SettingsExamination {
 public:
  SettingsExamination(const Loaded& loaded, Problems& problems)
      : loaded_{loaded}, problems_{problems} {}

  void look_at(const HostConfig& config);
  void look_at(const std::vector<CheckedService>& services);
  /// Reports the ConfigError that `action` throws, if any; its text begins with a setting's path.
  /// Returns whether there was none.
  bool attempt(const std::function<void()>& action);

 private:
  /// By stream and durable, whose they are.
  using Durables = std::map<std::pair<std::string, std::string>, std::string>;

  void look_at(const NatsConfig& nats);
  void look_at(const std::string& service, const SourceOptions& source, Durables& durables);
  void report(const std::string& what);

  const Loaded& loaded_;
  Problems& problems_;
};

}  // namespace hangar
