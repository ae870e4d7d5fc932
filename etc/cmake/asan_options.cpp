// The options of every program that is built with the address sanitizer.

/// LeakSanitizer asks where the thread-local variables of plugins are; the runtimes of g++ to 13
/// and clang to 16 take a block at a certain place in its page for one of glibc before 2.25, read
/// what stands before it as its size, and end the program
/// (github.com/google/sanitizers/issues/1322).
extern "C" __attribute__((visibility("default"), used)) const char* __asan_default_options() {
  return "intercept_tls_get_addr=0";
}
