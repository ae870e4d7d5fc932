#pragma once

#include <cstdint>

#include "hangar/table.hpp"

namespace hangar::prefect {

/// New UUIDs of version 7 (RFC 9562), each greater than the one before, so that a database inserts
/// them beside each other. What another sequence gives is another one, but for a chance of 2^-62
/// where both begin in the same millisecond.
class UuidSequence {
 public:
  /// Its UUIDs have this time.
  explicit UuidSequence(Timestamp now);
  Uuid next() noexcept;

 private:
  std::uint64_t upper_;  ///< Milliseconds, the version and 12 bits that are random at first.
  std::uint64_t lower_;  ///< Of 62 bits, a random number that counts up.
};

}  // namespace hangar::prefect
