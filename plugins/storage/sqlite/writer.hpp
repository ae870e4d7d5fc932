#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "connection.hpp"
#include "turn_queue.hpp"

namespace hangar::sqlite {

/// The one connection of a storage. SQLite has one writer at a time, so sessions queue here instead
/// of meeting SQLITE_BUSY, and share one page cache and one set of prepared statements.
class Writer {
 public:
  Writer(std::filesystem::path path, std::chrono::milliseconds patience);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  [[nodiscard]] std::chrono::milliseconds patience() const noexcept { return patience_; }

  /// Waits for the turn; throws TransientError when it does not come in time.
  void enter();
  void leave() noexcept { turns_.leave(); }

  // What follows needs the turn.

  /// Opens a connection where there is none, or where its file is no longer at the path.
  Connection& fresh_connection(OpenMode mode = OpenMode::existing);
  /// The connection that `fresh_connection` returned last.
  Connection& connection() noexcept { return *connection_; }
  /// Throws TransientError when what was committed went to a file that is no longer at the path.
  void check_file();
  /// Closes the connection, so that the next one starts afresh.
  void drop() noexcept { connection_.reset(); }

 private:
  std::filesystem::path path_;
  std::chrono::milliseconds patience_;
  TurnQueue turns_;
  std::optional<Connection> connection_;
};

}  // namespace hangar::sqlite
