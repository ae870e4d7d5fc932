#pragma once

#include <cstdint>
#include <string>

#include "admin/admin_config.hpp"
#include "hangar/config.hpp"
#include "log/log_config.hpp"
#include "nats/nats_config.hpp"
#include "plugin/plugin_config.hpp"
#include "storage/storage_config.hpp"

namespace hangar {

/// Everything about the host itself that a user may set; the services' settings are beside it under
/// `services.<name>`.
struct HostConfig {
  NatsConfig nats;
  StorageConfig storage;
  PluginConfig plugins;
  LogConfig log;
  AdminConfig admin;
  std::string data_dir;
  Duration drain_timeout{25'000};
  std::int64_t max_restarts = 10;

  /// `url_forms` as `StorageConfig::fields` has it.
  void fields(Fields& fields, const std::string& url_forms = {});
};

}  // namespace hangar
