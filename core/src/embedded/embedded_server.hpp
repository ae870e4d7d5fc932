#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "embedded/embedded_folder.hpp"
#include "embedded/file_descriptor.hpp"
#include "hangar/config.hpp"
#include "hangar/log.hpp"

namespace hangar {

/// The nats-server that all processes on a folder share: on loopback, for
/// clients with its token alone, with its store in the folder. The first
/// process starts it; another one joins it, and starts one, on the same port,
/// when it ends. It is started again when it dies, cannot write or does not
/// answer, and ends with this object, or with this process however that ends.
/// Thread-safe.
class EmbeddedServer {
 public:
  struct Options {
    std::string binary = "nats-server";  ///< A path, or a name to look for in PATH and sbin.
    std::filesystem::path folder;        ///< For store, configuration and log; made when absent.
    /// How long it may leave requests unanswered before it is started again.
    std::chrono::milliseconds patience{20'000};
  };

  /// Returns when the server takes connections; blocks for up to 45 s. Throws
  /// ConfigError when there is no such program, or others could change what is
  /// in the folder.
  EmbeddedServer(Options options, Log& log);
  /// SIGTERM, and SIGKILL to a server that has not ended after 10 s.
  ~EmbeddedServer();
  EmbeddedServer(const EmbeddedServer&) = delete;
  EmbeddedServer& operator=(const EmbeddedServer&) = delete;

  /// The same for the life of this object; holds no secret.
  [[nodiscard]] std::string url() const;
  /// What lets a client in; the same for the life of this object.
  [[nodiscard]] const Secret& token() const noexcept { return token_; }
  /// Of the server that this process runs at present; 0 between two, and of a
  /// joined one.
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Why its store cannot be written at present, also of a joined one: a full disk, say.
  [[nodiscard]] std::optional<std::string> refuses_writes() const {
    return folder_.refuses_writes();
  }
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }

 private:
  void watch() noexcept;
  /// Joins the server of another process until that ends. False when this
  /// object ends before.
  bool wait_for_turn();
  void prepare();
  /// Runs a server to its end. Throws when it is not ready within the time,
  /// cannot write its store or does not answer.
  void launch();
  void wait_until_ready(int process);
  [[nodiscard]] bool answers() const;
  void wait_for_end(int process);
  void end(int process) noexcept;
  void become_ready();
  [[nodiscard]] std::string log_end() const;

  Options options_;
  Log& log_;
  EmbeddedFolder folder_;
  std::string program_;
  std::string server_name_;
  std::uint16_t port_ = 0;
  Secret token_;
  FileDescriptor stop_;  ///< Readable from the moment this object ends.
  std::uint64_t log_read_ = 0;
  bool suspect_ = false;  ///< Whether the last server could not write, or did not answer.
  std::atomic<pid_t> pid_ = 0;
  std::atomic<std::uint64_t> restarts_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;
  std::exception_ptr failure_;
  /// Forks, so that the child's parent is a thread that lives as long as this
  /// object: the kernel ends the child with the thread that made it.
  std::thread watcher_;
};

}  // namespace hangar
