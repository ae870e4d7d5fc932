#pragma once

#include <chrono>
#include <string_view>

namespace hangar {

/// What a process sees of the server that all processes on one folder share.
struct EmbeddedView {
  bool locked = false;  ///< Whether it holds the folder's lock: nobody's server runs.
  bool told = false;    ///< Whether the holder of the lock has told where its server is.
  bool joined = false;  ///< Whether it uses that server already.
  std::chrono::milliseconds waited{0};
};

/// What it does next.
enum class EmbeddedStep { start, join, wait, give_up };

/// How long a process waits for another one's server to be ready.
inline constexpr std::chrono::seconds joins_within{45};

/// Whoever gets the lock starts a server, also after it had joined one: that
/// one has ended.
EmbeddedStep next_step(const EmbeddedView& seen) noexcept;

/// The first line of the server's log that says that its store cannot be
/// written, or an empty one.
std::string_view write_failure(std::string_view log) noexcept;

}  // namespace hangar
