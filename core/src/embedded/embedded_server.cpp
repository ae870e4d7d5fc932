#include "embedded/embedded_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "async/backoff.hpp"
#include "embedded/embedded_place.hpp"
#include "embedded/embedded_step.hpp"
#include "hangar/error.hpp"
#include "jetstream/stream_probe.hpp"
#include "nats/greeting.hpp"

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto ready_within = 30s;
constexpr auto end_within = 10s;
constexpr auto steady_after = 60s;
constexpr auto poll_every = 10ms;
constexpr auto look_every = 2000ms;
constexpr std::chrono::milliseconds probe_within = 1000ms;
// Of one that is joined: how soon its end is noticed.
constexpr std::chrono::milliseconds joined_poll = 200ms;

/// Whether the descriptor becomes readable within the time.
bool readable(int descriptor, std::chrono::milliseconds within) {
  pollfd poll_on{descriptor, POLLIN, 0};
  return poll(&poll_on, 1, static_cast<int>(within.count())) > 0;
}

// Between fork and exec only what is safe in a signal handler: other threads
// held locks.
[[noreturn]] void become(const char* program, const std::vector<char*>& arguments, int log,
                         int lock, pid_t parent) {
  // Nothing of the host's but the lock: a connection lives as long as anybody
  // has it open.
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  fcntl(lock, F_SETFD, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  umask(077);
  // Ctrl-C at the terminal is for the host, which then ends the server.
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGCHLD}) {
    signal(number, SIG_DFL);
  }
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(program, arguments.data());
  _exit(127);
}

}  // namespace

EmbeddedServer::EmbeddedServer(Options options, Log& log)
    : options_{std::move(options)}, log_{log}, folder_{options_.folder} {
  stop_ = FileDescriptor{eventfd(0, EFD_CLOEXEC)};
  if (!stop_) throw_errno("eventfd");
  watcher_ = std::thread{[this] { watch(); }};
  std::unique_lock wait{mutex_};
  changed_.wait(wait, [this] { return ready_ || failure_; });
  if (failure_) {
    wait.unlock();
    watcher_.join();
    std::rethrow_exception(failure_);
  }
}

EmbeddedServer::~EmbeddedServer() {
  const std::uint64_t one = 1;
  // It cannot fail: the counter is far from full.
  [[maybe_unused]] const auto written = write(stop_.value(), &one, sizeof one);
  watcher_.join();
}

std::string EmbeddedServer::url() const { return fmt::format("nats://127.0.0.1:{}", port_); }

void EmbeddedServer::become_ready() {
  const std::lock_guard lock{mutex_};
  ready_ = true;
  changed_.notify_all();
}

bool EmbeddedServer::wait_for_turn() {
  const auto begun = Clock::now();
  bool joined = false;
  for (;;) {
    EmbeddedView seen{.locked = folder_.take_lock()};
    const auto port = folder_.told();
    if (!joined && port) token_ = folder_.token();
    seen.told = port && !token_.empty();
    seen.joined = joined;
    seen.waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    switch (next_step(seen)) {
      case EmbeddedStep::start:
        if (joined) log_.warning("the nats-server of the other hangar has ended; starting one");
        return true;
      case EmbeddedStep::join:
        port_ = *port;
        joined = true;
        log_.info("joined the nats-server of hangar {} at {}", folder_.holder(), url());
        become_ready();
        break;
      case EmbeddedStep::wait:
        break;
      case EmbeddedStep::give_up:
        throw ConfigError{
            fmt::format("data_dir: {} is in use by another hangar (process {}), "
                        "whose nats-server is not "
                        "ready: stop it, or give this one a data_dir of its own",
                        options_.folder.string(), folder_.holder())};
    }
    if (readable(stop_.value(), joined ? joined_poll : poll_every)) return false;
  }
}

void EmbeddedServer::prepare() {
  if (port_ == 0) port_ = choose_port(folder_.last_port());
  if (token_.empty()) token_ = folder_.token();
  if (token_.empty()) token_ = folder_.make_token();
  server_name_ = fmt::format("hangar-{}-{}", getpid(), Clock::now().time_since_epoch().count());
  folder_.write("port", fmt::format("{}\n", port_));
  folder_.write("nats-server.conf", fmt::format("# Written by hangar at each start.\n"
                                                "listen: \"127.0.0.1:{}\"\n"
                                                "server_name: \"{}\"\n"
                                                "authorization {{ token: \"{}\" }}\n"
                                                "max_payload: 8MB\n"
                                                "jetstream {{ store_dir: {} }}\n",
                                                port_, server_name_, token_.reveal(),
                                                nats_string(options_.folder.string())));
}

void EmbeddedServer::watch() noexcept {
  Backoff pause;
  bool prepared = false;
  for (;;) {
    const auto begun = Clock::now();
    try {
      if (!prepared) {
        if (!wait_for_turn()) return;
        prepare();
        prepared = true;
      }
      launch();
    } catch (const std::exception& error) {
      const std::lock_guard lock{mutex_};
      if (!ready_) {
        failure_ = std::current_exception();
        changed_.notify_all();
        return;
      }
      log_.error("{}", error.what());
    }
    if (readable(stop_.value(), 0ms)) return;
    if (Clock::now() - begun > steady_after) pause.reset();
    if (readable(stop_.value(), pause.next())) return;
    ++restarts_;
  }
}

void EmbeddedServer::launch() {
  if (program_.empty()) program_ = find_server_program(options_.binary);
  if (suspect_) {
    if (const auto why = folder_.refuses_writes()) {
      throw TransientError{fmt::format("the embedded nats-server waits: {}", *why),
                           TransientError::Retry::backoff};
    }
    suspect_ = false;
  }
  const FileDescriptor output = folder_.open_log();
  log_read_ = folder_.log_size();
  std::vector<std::string> words{program_, "-c", folder_.configuration().string()};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) become(program_.c_str(), arguments, output.value(), folder_.lock(), parent);
  // glibc 2.36 declares the function as C++.
  const FileDescriptor process{static_cast<int>(syscall(SYS_pidfd_open, child, 0))};
  pid_ = child;
  try {
    if (!process) throw_errno("pidfd_open");
    wait_until_ready(process.value());
    wait_for_end(process.value());
  } catch (...) {
    end(process.value());
    throw;
  }
  end(process.value());
}

void EmbeddedServer::wait_until_ready(int process) {
  const auto deadline = Clock::now() + ready_within;
  while (!answers()) {
    if (readable(stop_.value(), 0ms)) return;
    const bool ended = readable(process, poll_every);
    if (ended || Clock::now() > deadline) {
      throw TransientError{
          fmt::format("{} {}\n{}", program_, ended ? "ended at once" : "is not ready after 30 s",
                      log_end()),
          TransientError::Retry::backoff};
    }
  }
  folder_.tell(port_);
  if (ready_) log_.info("nats-server is back at {}", url());
  become_ready();
}

// The server greets when its streams are open, with its name: another one on this port has another.
bool EmbeddedServer::answers() const try {
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port_;
  return greeting_of(endpoint).server_name == server_name_;
} catch (const Error&) {
  return false;
}

void EmbeddedServer::wait_for_end(int process) {
  std::array<pollfd, 2> either{pollfd{process, POLLIN, 0}, pollfd{stop_.value(), POLLIN, 0}};
  const auto every = std::min<std::chrono::milliseconds>(look_every, options_.patience);
  std::chrono::milliseconds silent{0};
  for (;;) {
    either[0].revents = either[1].revents = 0;
    const int heard = poll(either.data(), either.size(), static_cast<int>(every.count()));
    if (either[1].revents != 0) return;
    if (either[0].revents != 0) {
      log_.error("nats-server ended by itself; starting it again");
      return;
    }
    if (heard != 0) continue;  // a signal
    const auto fail = [&](const std::string& why) {
      suspect_ = true;
      throw TransientError{fmt::format("the embedded nats-server {}; starting it again", why),
                           TransientError::Retry::backoff};
    };
    const std::string logged = folder_.read_log(log_read_);
    if (const auto line = write_failure(logged); !line.empty()) {
      fail(fmt::format("cannot write its store: {}", line));
    }
    silent += every + probe_within;
    if (streams_answer(url(), token_, probe_within)) silent = 0ms;
    if (silent > options_.patience) {
      // It would not hear SIGTERM either.
      kill(pid_, SIGKILL);
      fail("does not answer");
    }
  }
}

void EmbeddedServer::end(int process) noexcept {
  const pid_t child = pid_.exchange(0);
  kill(child, SIGTERM);
  if (process >= 0 && !readable(process, end_within)) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
}

std::string EmbeddedServer::log_end() const {
  std::ifstream file{options_.folder / "nats-server.log", std::ios::ate};
  const auto size = static_cast<std::streamoff>(file.tellg());
  file.seekg(std::max<std::streamoff>(0, size - 1000));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace hangar
