#pragma once

namespace hangar {

/// What the operating system knows of this process; 0 where it does not say.
struct ProcessNumbers {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double open_descriptors = 0;
  double started = 0;  ///< Seconds since 1970.

  /// Reads /proc; any thread.
  static ProcessNumbers read();
};

}  // namespace hangar
