#include "writer.hpp"

#include <utility>

#include "hangar/error.hpp"

namespace hangar::sqlite {

Writer::Writer(std::filesystem::path path, std::chrono::milliseconds patience)
    : path_{std::move(path)}, patience_{patience} {}

void Writer::enter() {
  if (turns_.enter(patience_)) return;
  throw TransientError{
      "SQLite: other lanes held " + path_.string() + " for longer than storage.statement_timeout",
      TransientError::Retry::backoff};
}

Connection& Writer::fresh_connection(OpenMode mode) {
  if (connection_ && connection_->file_moved()) drop();
  if (!connection_) connection_.emplace(path_, mode, patience_);
  return *connection_;
}

void Writer::check_file() {
  if (!connection_->file_moved()) return;
  throw TransientError{
      "SQLite: " + path_.string() + " was moved, deleted or replaced while it was open",
      TransientError::Retry::backoff};
}

}  // namespace hangar::sqlite
