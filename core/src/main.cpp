#include <sys/stat.h>

#include <csignal>

#include "cli/commands.hpp"

extern "C" {
/// For jemalloc, which has four arenas a core by itself, and in each what was freed within 10 s:
/// half as much memory again.
[[gnu::visibility("default")]] extern const char* const malloc_conf;
const char* const malloc_conf = "narenas:2,dirty_decay_ms:1000";
}

namespace {

// Other programs open their logs anew at these, or print what they do. A host says that it has
// nothing to do, and neither it before it hears them nor a command ends of one.
void ignore_harmless_signals() {
  for (const int harmless : {SIGUSR1, SIGUSR2}) std::signal(harmless, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
  ignore_harmless_signals();
  // Stores, databases and state are for this user alone.
  ::umask(077);
  return hangar::run_command_line(argc, argv);
}
