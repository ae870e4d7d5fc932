#include "nats/embedded_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

#include "hangar/error.hpp"

namespace hangar {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto ready_within = 30s;
constexpr auto end_within = 10s;
// The server of a process that was killed needs a moment to end too.
constexpr std::chrono::milliseconds lock_within = 10s;
// Somebody who only looks whether a server runs holds the lock for a moment.
constexpr std::chrono::milliseconds lock_settles_within = 300ms;
constexpr auto first_pause = 250ms;
constexpr auto longest_pause = 5000ms;
constexpr auto poll_every = 10ms;
constexpr std::uintmax_t longest_log = 16U << 20U;

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error{errno, std::generic_category(), what};
}

// Debian installs it in /usr/sbin, which a user's PATH leaves out.
std::string find_program(const std::string& name) {
  const auto usable = [](const fs::path& path) {
    std::error_code none;
    return fs::is_regular_file(path, none) && access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) {
    if (usable(name)) return name;
  } else {
    const char* from_environment = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
    std::istringstream folders{std::string{from_environment ? from_environment : ""} +
                               ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin"};
    for (std::string folder; std::getline(folders, folder, ':');) {
      const fs::path path = fs::path{folder} / name;
      if (path.is_absolute() && usable(path)) return path;
    }
  }
  throw ConfigError{fmt::format(
      "nats.url: embedded needs the program {}, which is not there: `apt install nats-server`, set "
      "nats.server_binary to its path, or set nats.url to a server that runs",
      name)};
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // NOLINT: as the socket API wants it
}

/// The port if it is free; 0 lets the system choose. Nothing when it is taken.
std::optional<std::uint16_t> free_port(std::uint16_t wanted) {
  const FileDescriptor probe{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!probe) throw_errno("socket");
  // As the server does it: a port whose last connections have just closed is free.
  const int yes = 1;
  setsockopt(probe.value(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = loopback(wanted);
  if (bind(probe.value(), generic(address), sizeof address) != 0) return std::nullopt;
  socklen_t size = sizeof address;
  if (getsockname(probe.value(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {  // NOLINT
    throw_errno("getsockname");
  }
  return ntohs(address.sin_port);
}

std::string first_line(const fs::path& file) {
  std::ifstream stream{file};
  std::string line;
  std::getline(stream, line);
  return line;
}

/// Whether the descriptor becomes readable within the time.
bool readable(int descriptor, std::chrono::milliseconds within) {
  pollfd poll_on{descriptor, POLLIN, 0};
  return poll(&poll_on, 1, static_cast<int>(within.count())) > 0;
}

// Between fork and exec only what is safe in a signal handler: other threads held locks.
[[noreturn]] void become(const char* program, const std::vector<char*>& arguments, int log,
                         int lock, pid_t parent) {
  // Nothing of the host's but the lock: a connection lives as long as anybody has it open.
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  fcntl(lock, F_SETFD, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  setpgid(0, 0);  // Ctrl-C at the terminal is for the host, which then ends the server
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
    : options_{std::move(options)}, log_{log}, program_{find_program(options_.binary)} {
  std::error_code failed;
  fs::create_directories(options_.folder, failed);
  if (!failed) fs::permissions(options_.folder, fs::perms::owner_all, failed);
  if (failed) {
    throw ConfigError{fmt::format("data_dir: cannot make the folder {}: {}",
                                  options_.folder.string(), failed.message())};
  }
  lock_folder();
  choose_port();
  server_name_ = fmt::format("hangar-{}-{}", getpid(), Clock::now().time_since_epoch().count());
  write_configuration();
  stop_ = FileDescriptor{eventfd(0, EFD_CLOEXEC)};
  if (!stop_) throw_errno("eventfd");
  watcher_ = std::thread{[this] { watch(); }};
  std::unique_lock wait{mutex_};
  changed_.wait(wait, [this] { return ready_ || failure_; });
  if (failure_) {
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

std::optional<std::string> EmbeddedServer::running(const fs::path& folder) {
  const FileDescriptor lock{open((folder / "lock").c_str(), O_RDWR | O_CLOEXEC)};
  if (!lock || flock(lock.value(), LOCK_EX | LOCK_NB) == 0) return std::nullopt;
  const std::string port = first_line(folder / "port");
  if (port.empty()) return std::nullopt;
  return fmt::format("nats://127.0.0.1:{}", port);
}

// The server inherits the lock: while a server lives, nobody else touches its store, also when the
// process that started it is gone.
void EmbeddedServer::lock_folder() {
  const fs::path path = options_.folder / "lock";
  lock_ = FileDescriptor{open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!lock_) {
    throw ConfigError{fmt::format("data_dir: cannot write {}: {}", path.string(),
                                  std::generic_category().message(errno))};
  }
  const auto begun = Clock::now();
  while (flock(lock_.value(), LOCK_EX | LOCK_NB) != 0) {
    const std::string owner = first_line(path);
    const pid_t process = static_cast<pid_t>(std::strtol(owner.c_str(), nullptr, 10));
    const bool alive = process > 0 && (kill(process, 0) == 0 || errno == EPERM);
    const auto waited = Clock::now() - begun;
    if (waited > (alive ? lock_settles_within : lock_within)) {
      throw ConfigError{fmt::format(
          "data_dir: {} is in use by another hangar (process {}): stop it, or give this one a "
          "data_dir of its own",
          options_.folder.string(), owner)};
    }
    std::this_thread::sleep_for(poll_every);
  }
  const std::string self = fmt::format("{}\n", getpid());
  if (ftruncate(lock_.value(), 0) != 0 ||
      pwrite(lock_.value(), self.data(), self.size(), 0) != static_cast<ssize_t>(self.size())) {
    throw_errno(path.string());
  }
}

void EmbeddedServer::choose_port() {
  const fs::path path = options_.folder / "port";
  const auto before = std::strtol(first_line(path).c_str(), nullptr, 10);
  std::optional<std::uint16_t> port;
  // Whoever knows the URL from the last time finds the server there.
  if (before > 0 && before < 65536) port = free_port(static_cast<std::uint16_t>(before));
  if (!port) port = free_port(0);
  if (!port) throw_errno("no free port");
  port_ = *port;
  std::ofstream{path} << port_ << '\n';
}

void EmbeddedServer::write_configuration() {
  std::ofstream file{options_.folder / "nats-server.conf"};
  file << "# Written by hangar at each start.\n"
       << "listen: \"127.0.0.1:" << port_ << "\"\n"
       << "server_name: \"" << server_name_ << "\"\n"
       << "max_payload: 8MB\n"
       << "jetstream { store_dir: \"" << options_.folder.string() << "\" }\n";
  file.close();
  if (!file) {
    throw ConfigError{fmt::format("data_dir: cannot write to {}", options_.folder.string())};
  }
}

void EmbeddedServer::watch() noexcept {
  auto pause = first_pause;
  for (;;) {
    const auto begun = Clock::now();
    try {
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
    pause = Clock::now() - begun > 60s ? first_pause
                                       : std::min<decltype(pause)>(pause * 2, longest_pause);
    if (readable(stop_.value(), pause)) return;
    ++restarts_;
  }
}

void EmbeddedServer::launch() {
  const fs::path log_path = options_.folder / "nats-server.log";
  std::error_code none;
  const bool start_anew = fs::file_size(log_path, none) > longest_log && !none;
  const FileDescriptor output{
      open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (start_anew ? O_TRUNC : 0),
           0600)};
  if (!output) throw_errno(log_path.string());
  std::vector<std::string> words{program_, "-c", (options_.folder / "nats-server.conf").string()};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) become(program_.c_str(), arguments, output.value(), lock_.value(), parent);
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
  const std::lock_guard lock{mutex_};
  if (ready_) log_.info("nats-server is back at {}", url());
  ready_ = true;
  changed_.notify_all();
}

// The server greets when its streams are open, with its name: another one on this port has another.
bool EmbeddedServer::answers() const {
  const FileDescriptor client{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const sockaddr_in address = loopback(port_);
  if (!client || connect(client.value(), generic(address), sizeof address) != 0) return false;
  std::string greeting;
  std::array<char, 4096> part{};
  while (greeting.find('\n') == std::string::npos && readable(client.value(), 1000ms)) {
    const ssize_t count = recv(client.value(), part.data(), part.size(), 0);
    if (count <= 0) return false;
    greeting.append(part.data(), static_cast<std::size_t>(count));
  }
  return greeting.starts_with("INFO ") && greeting.find(server_name_) != std::string::npos;
}

void EmbeddedServer::wait_for_end(int process) {
  std::array<pollfd, 2> either{pollfd{process, POLLIN, 0}, pollfd{stop_.value(), POLLIN, 0}};
  while (poll(either.data(), either.size(), -1) < 0 && errno == EINTR) {
  }
  if (either[1].revents == 0) log_.error("nats-server ended by itself; starting it again");
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
