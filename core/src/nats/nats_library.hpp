#pragma once

#include <nats/nats.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <thread>

namespace hangar {

/// cnats whose threads wait for a lock instead of spinning, because the one that holds it may need
/// the core; and which ends with them: one that still ends while the process exits would run in
/// memory that is gone. Outlives every connection.
class NatsLibrary {
 public:
  NatsLibrary() noexcept { nats_Open(0); }
  NatsLibrary(const NatsLibrary&) = delete;
  NatsLibrary& operator=(const NatsLibrary&) = delete;
  ~NatsLibrary() {
    constexpr std::int64_t within_ms = 2'000;
    nats_CloseAndWait(within_ms);
    // It returns when the last of its threads says that it ends, and not when that one is gone.
    for (int tries = 0; tries < 200 && another_thread_runs(); ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

 private:
  static bool another_thread_runs() noexcept {
    std::error_code failed;
    int count = 0;
    for (std::filesystem::directory_iterator thread{"/proc/self/task", failed}, end;
         !failed && thread != end; thread.increment(failed)) {
      ++count;
    }
    return count > 1;
  }
};

}  // namespace hangar
