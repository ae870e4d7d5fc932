#pragma once

#include <string_view>
#include <vector>

#include "hangar/source.hpp"

namespace hangar {

/// While it lives this thread runs a transaction of a service, beside the strand on which messages
/// are answered.
class StorageThread {
 public:
  using Dropped = std::vector<Message>;

  /// Messages that are destroyed here go into `dropped`, which is emptied on the strand.
  explicit StorageThread(Dropped& dropped) noexcept;
  StorageThread(const StorageThread&) = delete;
  StorageThread& operator=(const StorageThread&) = delete;
  ~StorageThread();

  /// Null on other threads.
  static Dropped* dropped() noexcept;
  /// Throws std::logic_error when this is such a thread.
  static void refuse(std::string_view call);
};

}  // namespace hangar
