#pragma once

#include <string>

#include "hangar/config.hpp"

namespace hangar {

/// The settings under `admin`.
struct AdminConfig {
  std::string listen = "127.0.0.1:9470";

  void fields(Fields& fields) {
    fields.add(
        "listen", &listen,
        "Address and port of /, /livez, /readyz, /metrics and /status; port 0 is any free one; "
        "empty: none");
  }
};

}  // namespace hangar
