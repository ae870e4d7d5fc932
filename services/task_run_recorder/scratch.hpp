#pragma once

#include <string>

namespace hangar::recorder {

/// What decoding keeps from event to event: memory, and JSON that hardly ever changes.
struct Scratch {
  std::string text;

  /// An array or object as it stood in an earlier event, and what it was stored as.
  struct Known {
    std::string token;
    std::string stored;
  };
  Known empirical_policy;
  Known tags;
};

}  // namespace hangar::recorder
