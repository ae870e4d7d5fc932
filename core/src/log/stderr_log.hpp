#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "hangar/log.hpp"

namespace spdlog {
class logger;
}

namespace hangar {

/// The text of a log line as it may be shown on a terminal: control characters as `\n`, `\x1b`, and
/// no more than 4 KiB.
std::string printable(std::string_view line);

/// Where colours are wanted, by NO_COLOR (no-color.org), CLICOLOR_FORCE and CLICOLOR
/// (bixense.com/clicolors): the first of them that says something.
enum class Colours { never, at_a_terminal, always };
Colours wanted_colours();

/// The least important level that logs write. Any thread may change it while they do.
using LogThreshold = std::atomic<LogLevel>;

/// Lines on standard error with time, level and the name of the part that writes.
class StderrLog final : public Log {
 public:
  enum class Format { text, json };

  StderrLog(std::string name, std::shared_ptr<const LogThreshold> threshold, Format format);
  StderrLog(std::string name, LogLevel level, Format format);
  ~StderrLog() override;
  void write(LogLevel level, std::string_view line) noexcept override;
  [[nodiscard]] bool enabled(LogLevel level) const noexcept override;

 private:
  std::shared_ptr<const LogThreshold> threshold_;
  std::shared_ptr<spdlog::logger> logger_;
  Format format_;
};

/// The level of a configured word such as `warning`.
LogLevel log_level(std::string_view word);

}  // namespace hangar
