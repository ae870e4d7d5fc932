#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "hangar/log.hpp"
#include "nats/file_descriptor.hpp"

namespace hangar {

/// A nats-server of this process's own: on loopback, with its store in a folder. It is started
/// again, on the same port, when it dies, and ends with this object, or with this process however
/// that ends. Thread-safe.
class EmbeddedServer {
 public:
  struct Options {
    std::string binary = "nats-server";  ///< A path, or a name to look for in PATH and sbin.
    std::filesystem::path folder;        ///< For store, configuration and log; made when absent.
  };

  /// Returns when the server takes connections; blocks for up to 30 s. Throws ConfigError when
  /// there is no such program or another process uses the folder.
  EmbeddedServer(Options options, Log& log);
  /// SIGTERM, and SIGKILL to a server that has not ended after 10 s.
  ~EmbeddedServer();
  EmbeddedServer(const EmbeddedServer&) = delete;
  EmbeddedServer& operator=(const EmbeddedServer&) = delete;

  /// The same for the life of this object; holds no secret.
  [[nodiscard]] std::string url() const;
  /// Of the server that runs at present; 0 between two.
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }

  /// The URL of the server that another process runs on this folder, if one does.
  static std::optional<std::string> running(const std::filesystem::path& folder);

 private:
  void lock_folder();
  void choose_port();
  void write_configuration();
  void watch() noexcept;
  /// Starts the server and returns when it is ready. Throws when it is not within the time.
  void launch();
  void wait_until_ready(int process);
  [[nodiscard]] bool answers() const;
  void wait_for_end(int process);
  void end(int process) noexcept;
  [[nodiscard]] std::string log_end() const;

  Options options_;
  Log& log_;
  std::string program_;
  std::string server_name_;
  std::uint16_t port_ = 0;
  FileDescriptor lock_;
  FileDescriptor stop_;  ///< Readable from the moment this object ends.
  std::atomic<pid_t> pid_ = 0;
  std::atomic<std::uint64_t> restarts_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;
  std::exception_ptr failure_;
  /// Forks, so that the child's parent is a thread that lives as long as this object: the kernel
  /// ends the child with the thread that made it.
  std::thread watcher_;
};

}  // namespace hangar
