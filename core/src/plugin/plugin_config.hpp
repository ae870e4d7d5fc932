#pragma once

#include <string>
#include <vector>

#include "hangar/config.hpp"

namespace hangar {

/// The settings under `plugins`.
struct PluginConfig {
  std::vector<std::string> path;

  void fields(Fields& fields) {
    fields.add("path", &path,
               "Absolute folders to search before lib/hangar/plugins beside the program");
  }
};

}  // namespace hangar
