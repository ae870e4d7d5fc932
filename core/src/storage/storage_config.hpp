#pragma once

#include <string>

#include "hangar/config.hpp"

namespace hangar {

/// The settings under `storage`.
struct StorageConfig {
  std::string type;  ///< Empty until it is set or chosen by the URL.
  Url url;
  bool create_tables = false;
  Duration statement_timeout{10'000};

  /// `url_forms` is what the storages that were found take as a URL.
  void fields(Fields& fields, const std::string& url_forms);
};

}  // namespace hangar
