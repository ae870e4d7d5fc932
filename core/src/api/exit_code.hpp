#pragma once

#include <exception>

#include "hangar/error.hpp"

/// The exit codes of the program.
namespace hangar::exit_code {

inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int unknown = 3;           ///< UNKNOWN of Nagios; of `hangar check` only
inline constexpr int unavailable = 69;      ///< EX_UNAVAILABLE of sysexits.h
inline constexpr int drain_timed_out = 75;  ///< EX_TEMPFAIL
inline constexpr int configuration = 78;    ///< EX_CONFIG

/// The one for what ended a service or a command.
inline int of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ConfigError&) {
    return configuration;
  } catch (const TransientError&) {
    return unavailable;
  } catch (...) {
    return failed;
  }
}

}  // namespace hangar::exit_code
