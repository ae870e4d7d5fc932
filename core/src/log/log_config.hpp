#pragma once

#include <string>

#include "hangar/config.hpp"

namespace hangar {

/// The settings under `log`.
struct LogConfig {
  std::string level = "info";
  std::string format = "text";

  void fields(Fields& fields) {
    fields.add("level", &level, "The least important level to write")
        .one_of({"trace", "debug", "info", "warning", "error"});
    fields.add("format", &format, "How a line is written").one_of({"text", "json"});
  }
};

}  // namespace hangar
