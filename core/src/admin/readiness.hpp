#pragma once

#include <string>
#include <vector>

#include "status/snapshot.hpp"

namespace hangar {

/// Whether the host does its work now, in parts.
class Readiness {
 public:
  struct Check {
    std::string name;
    std::string failure;  ///< Empty when it is as it should be.
    std::string lack{};   ///< What the host is ready without; else empty.
  };

  /// Not ready: draining, a stuck loop, a service that does not run, one of which a source, the
  /// publisher, the leases or a consumer is not connected or cannot be used, that gets no service
  /// of JetStream, waits for room for its dead letters or says itself that something is wrong, a
  /// storage that does not answer while a service can do nothing without it.
  explicit Readiness(const Snapshot& seen);

  [[nodiscard]] bool ready() const noexcept;
  [[nodiscard]] const std::vector<Check>& checks() const noexcept { return checks_; }
  /// `[+]nats ok` or `[-]nats failed: why`, a line a check and one for all, in Kubernetes's form;
  /// and `[~]storage is away: why`.
  [[nodiscard]] std::string text() const;

 private:
  void add(std::string name, std::string failure);
  void add_storage(const Snapshot& seen);
  std::vector<Check> checks_;
};

}  // namespace hangar
