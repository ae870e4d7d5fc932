#pragma once

#include <string>

#include "hangar/error.hpp"

namespace hangar {

/// The server does not let this user use a subject. A host waits until somebody lets it; a command
/// that a person gave ends.
class DeniedError : public TransientError {
 public:
  /// `why` as `Link::Reply` has it.
  explicit DeniedError(const std::string& why) : TransientError{"NATS: " + why, Retry::backoff} {}
};

}  // namespace hangar
