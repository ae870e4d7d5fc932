#pragma once

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::sqlite {

/// A path for a SQLite file in a folder of its own, and a second way into that file which shares no
/// code with the storage.
class ScratchFile {
 public:
  ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile();

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "test.db"; }
  [[nodiscard]] std::string bytes() const;
  void write(const std::string& bytes) const;

  /// Runs statements and returns the rows' cells as text, those of one row joined by `|`. Keeps its
  /// connection, and with it an open transaction, until `disconnect`.
  std::vector<std::string> query(const std::string& sql);
  void disconnect() { connection_.reset(); }

  [[nodiscard]] std::unique_ptr<Storage> open_storage(
      std::chrono::milliseconds statement_timeout = std::chrono::seconds{10}) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
  };

  std::filesystem::path folder_;
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace hangar::sqlite
