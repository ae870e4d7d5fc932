#include <sys/stat.h>

#include <csignal>

#include "cli/commands.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

// Messages are allocated on one thread and freed on another one, so the end of a heap is free again
// and again; glibc would give it to the kernel each time, and every page of it would be faulted in
// anew: half of what it costs to receive and to ack a message.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
  mallopt(M_TOP_PAD, 1 << 20);
  // Otherwise fixed at 128 KiB by the first line, which is less than a batch's rows need.
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

// Other programs open their logs anew at these, or print what they do. A host says that it has
// nothing to do, and neither it before it hears them nor a command ends of one.
void ignore_harmless_signals() {
  for (const int harmless : {SIGUSR1, SIGUSR2}) std::signal(harmless, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  ignore_harmless_signals();
  // Stores, databases and state are for this user alone.
  ::umask(077);
  return hangar::run_command_line(argc, argv);
}
