#pragma once

#include <string_view>

#include "hangar/log.hpp"

namespace hangar::test {

/// Of a test that does not look at what is logged.
class NoLog final : public Log {
 public:
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return false; }
  void write(LogLevel, std::string_view) noexcept override {}
};

}  // namespace hangar::test
