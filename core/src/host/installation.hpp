#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "config/sections.hpp"
#include "hangar/host.hpp"
#include "hangar/plugin.hpp"
#include "hangar/storage.hpp"
#include "host/host_config.hpp"
#include "plugin/plugin_library.hpp"

namespace hangar {

/// What is installed on this machine: the plugins that were found and the settings that they and
/// the host have.
class Installation {
 public:
  struct Service {
    const Plugin* plugin;
    std::unique_ptr<ServiceFactory> factory;
  };

  /// Finds the plugins; every setting has its default.
  explicit Installation(const HostOptions& options);
  // The sections point into the configuration.
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;
  ~Installation() = default;

  enum class Checked {
    values,      ///< Each value by itself.
    everything,  ///< And all that `run` would refuse and that needs no connection to be found.
  };

  /// Fills the settings. Throws ConfigError with everything that is wrong.
  void load(Checked checked = Checked::values);

  /// Throws std::logic_error before `load`: the defaults would pass for what is set.
  [[nodiscard]] const HostConfig& config() const;
  [[nodiscard]] const Environment& environment() const noexcept { return inputs_.environment; }
  [[nodiscard]] const Sections& sections() const noexcept { return sections_; }
  [[nodiscard]] const Loaded& loaded() const noexcept { return loaded_; }
  [[nodiscard]] const std::vector<FoundPlugin>& plugins() const noexcept { return plugins_; }
  [[nodiscard]] std::vector<Service>& services() noexcept { return services_; }
  /// The storage plugin that is configured. Throws ConfigError when there is none of that name, or
  /// none that takes the scheme of storage.url.
  [[nodiscard]] const Plugin& storage_plugin() const;
  /// What is configured there. Throws as above.
  [[nodiscard]] std::unique_ptr<Storage> make_storage() const;
  /// Whether absent tables are to be created there.
  [[nodiscard]] Creation creation() const;
  /// The settings of other programs that these plugins watch.
  [[nodiscard]] std::vector<OtherSettings> other_settings() const;
  /// `data_dir`, or its default under the user's state folder; nothing when neither is known.
  [[nodiscard]] std::optional<std::filesystem::path> known_data_dir() const;
  /// The same, for what is to be this user's alone. Throws ConfigError when it is not known, or
  /// when others could change what is in it.
  [[nodiscard]] std::filesystem::path data_dir() const;
  /// Whether these settings keep anything there that cannot be done without.
  [[nodiscard]] bool needs_data_dir() const;

 private:
  /// A plugin that fails in this is refused.
  void add_service(FoundPlugin& found);
  [[nodiscard]] std::vector<const Plugin*> storages() const;
  void take_database_of_others(Loaded& loaded);
  void warn_of_variables_beside();
  /// The storage that storage.type names, if there is one.
  [[nodiscard]] const Plugin* storage_by_type() const;
  /// The file in data_dir that this storage uses by these settings, else null.
  [[nodiscard]] const char* default_file() const;
  /// Sets storage.type, if there is one, to the storage that takes the scheme of storage.url, or,
  /// without a scheme, has a default file.
  void choose_storage(Loaded& loaded);
  /// What the storages take as a URL, for messages.
  [[nodiscard]] std::vector<std::string_view> url_forms() const;
  /// What only the whole of the settings shows to be wrong.
  void look_at_everything(const Loaded& loaded, Problems& problems) const;

  std::vector<std::string> only_;
  LoadInputs inputs_;
  HostConfig config_;
  std::vector<FoundPlugin> plugins_;
  std::vector<Service> services_;
  Sections sections_;
  Loaded loaded_;
};

}  // namespace hangar
