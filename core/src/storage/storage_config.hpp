#pragma once

#include <string>

#include "hangar/config.hpp"

namespace hangar {

/// The settings under `storage`.
struct StorageConfig {
  std::string type = "sqlite";
  Url url;
  bool create_tables = false;
  Duration statement_timeout{10'000};

  void fields(Fields& fields);
};

}  // namespace hangar
