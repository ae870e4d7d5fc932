#pragma once

#include <chrono>

#include "hangar/table.hpp"

namespace hangar::prefect {

inline Timestamp present() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace hangar::prefect
