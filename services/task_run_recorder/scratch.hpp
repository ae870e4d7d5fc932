#pragma once

#include <string>

#include "prefect/json/known_json.hpp"

namespace hangar::recorder {

/// What decoding keeps from event to event.
struct Scratch {
  std::string text;  ///< Memory to use again.
  prefect::KnownJson empirical_policy;
  prefect::KnownJson tags;
  prefect::KnownJson labels;
};

}  // namespace hangar::recorder
