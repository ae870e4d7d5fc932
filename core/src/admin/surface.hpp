#pragma once

#include <prometheus/collectable.h>

#include <string>

#include "admin/history.hpp"
#include "http/http_server.hpp"
#include "status/status_board.hpp"

namespace hangar {

/// The HTTP server of a running host, and what it remembers.
class AdminSurface {
 public:
  /// Listens when it returns. Throws ConfigError when `listen` cannot be had. `board` and
  /// `services` must live longer.
  AdminSurface(const std::string& listen, const StatusBoard& board,
               const prometheus::Collectable& services);

  [[nodiscard]] std::string address() const { return server_.address(); }
  /// The event loop calls it at least once a second.
  void look(const Snapshot& seen, History::Clock::time_point now) { history_.look(seen, now); }

 private:
  History history_;
  HttpServer server_;  // The last, because its thread reads the others.
};

}  // namespace hangar
