#pragma once

#include "hangar/storage.hpp"

namespace hangar {

/// A storage in a file of this machine: what `prepare` would say of its place shows without opening
/// it, so that `hangar config check` says it too.
class HANGAR_API FileStorage : public Storage {
 public:
  ~FileStorage() override;
  /// Throws ConfigError where `prepare` would. Changes nothing.
  virtual void check_place(Creation creation) const = 0;
};

}  // namespace hangar
