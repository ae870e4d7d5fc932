#pragma once

#include "hangar/version.hpp"

namespace hangar {

/// What the periodic work of `Context::every` is given: whether this host is still the one that is
/// to do it. For the service's strand.
class HANGAR_API Lease {
 public:
  Lease() = default;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  virtual ~Lease();

  /// False once another host may do the work too: NATS was not reached for the length of the lease.
  /// Long work looks now and then, and ends early.
  [[nodiscard]] virtual bool held() const noexcept = 0;
};

}  // namespace hangar
