#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "embedded/file_descriptor.hpp"
#include "hangar/config.hpp"

namespace hangar {

/// The folder of an embedded server: its store, configuration, log and token,
/// and the lock that says whose process runs it. Everything in it is for this
/// user alone.
class EmbeddedFolder {
 public:
  /// Makes the folder when it is absent. Throws ConfigError when it cannot, or
  /// when others could change what is in it.
  explicit EmbeddedFolder(std::filesystem::path path);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path configuration() const { return path_ / "nats-server.conf"; }

  /// Whether the lock is this process's now; it is then kept for the life of
  /// this object. A server inherits it: while one lives, nobody else touches
  /// its store.
  bool take_lock();
  [[nodiscard]] int lock() const noexcept { return lock_.value(); }
  /// Tells other processes that the server is ready at the port. For the holder
  /// of the lock.
  void tell(std::uint16_t port);
  /// The port that the holder of the lock told; nothing until its server is
  /// ready.
  [[nodiscard]] std::optional<std::uint16_t> told() const;
  /// Its process, for messages.
  [[nodiscard]] std::string holder() const;

  /// What lets a client in, when the file is this user's alone; else empty.
  [[nodiscard]] Secret token() const;
  /// A new one in the file. For the holder of the lock.
  Secret make_token();
  /// The port of the last server; 0 when there was none.
  [[nodiscard]] std::uint16_t last_port() const;
  /// A file that is there as a whole or not at all, for this user alone.
  void write(const std::string& name, std::string_view text);

  /// For appending; one that has grown large begins anew.
  [[nodiscard]] FileDescriptor open_log();
  /// What was logged from that byte on, and moves it.
  [[nodiscard]] std::string read_log(std::uint64_t& from) const;
  [[nodiscard]] std::uint64_t log_size() const;

  /// Why nothing much can be written here at present, or nothing.
  [[nodiscard]] std::optional<std::string> refuses_writes() const;

 private:
  [[nodiscard]] FileDescriptor open(const std::string& name, int flags) const;

  std::filesystem::path path_;
  FileDescriptor lock_;
  bool locked_ = false;
};

}  // namespace hangar
