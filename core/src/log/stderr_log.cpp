#include "log/stderr_log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <cstdlib>
#include <utility>

namespace hangar {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  return static_cast<spdlog::level::level_enum>(static_cast<int>(level));
}

std::string_view variable_of(const char* name) {
  const char* const word = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return word != nullptr ? word : std::string_view{};
}

}  // namespace

Colours wanted_colours() {
  if (!variable_of("NO_COLOR").empty()) return Colours::never;
  const std::string_view force = variable_of("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return Colours::always;
  return variable_of("CLICOLOR") == "0" ? Colours::never : Colours::at_a_terminal;
}

std::string printable(std::string_view line) {
  constexpr std::size_t longest = 4096;
  std::string text;
  text.reserve(line.size());
  for (const char c : line.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\n') {
      text += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  if (line.size() > longest) text += "…";
  return text;
}

StderrLog::StderrLog(std::string name, LogLevel level, Format format)
    : StderrLog{std::move(name), std::make_shared<const LogThreshold>(level), format} {}

StderrLog::StderrLog(std::string name, std::shared_ptr<const LogThreshold> threshold, Format format)
    : threshold_{std::move(threshold)}, format_{format} {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  const Colours wanted = wanted_colours();
  if (wanted == Colours::never) sink->set_color_mode(spdlog::color_mode::never);
  if (wanted == Colours::always) sink->set_color_mode(spdlog::color_mode::always);
  logger_ = std::make_shared<spdlog::logger>(std::move(name), std::move(sink));
  logger_->set_level(spdlog::level::trace);
  const char* const pattern =
      format == Format::text
          ? "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %n: %v"
          : R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","logger":"%n","msg":%v})";
  logger_->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
}

StderrLog::~StderrLog() = default;

void StderrLog::write(LogLevel level, std::string_view line) noexcept {
  if (!enabled(level)) return;
  try {
    const std::string text = printable(line);
    logger_->log(
        to_spdlog(level), "{}",
        format_ == Format::text ? text : boost::json::serialize(boost::json::string{text}));
  } catch (...) {  // NOLINT(bugprone-empty-catch): a line that cannot be written is lost, no more.
  }
}

bool StderrLog::enabled(LogLevel level) const noexcept {
  return level >= threshold_->load(std::memory_order_relaxed);
}

LogLevel log_level(std::string_view word) {
  if (word == "trace") return LogLevel::trace;
  if (word == "debug") return LogLevel::debug;
  if (word == "warning") return LogLevel::warning;
  if (word == "error") return LogLevel::error;
  return LogLevel::info;
}

}  // namespace hangar
