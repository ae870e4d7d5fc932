#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "hangar/version.hpp"

namespace hangar {

enum class LogLevel { trace, debug, info, warning, error };

/// Writes lines for a person to standard error. Thread-safe; never throws, never blocks on the
/// database or the broker. Control characters are escaped and long values cut by the sink, so
/// anything that came with an event may be passed.
class HANGAR_API Log {
 public:
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log();

  virtual void write(LogLevel level, std::string_view line) noexcept = 0;
  [[nodiscard]] virtual bool enabled(LogLevel level) const noexcept = 0;

  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) {
    put(LogLevel::debug, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    put(LogLevel::info, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) {
    put(LogLevel::warning, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    put(LogLevel::error, format, std::forward<Args>(args)...);
  }

 private:
  template <class... Args>
  void put(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
  }
};

}  // namespace hangar
