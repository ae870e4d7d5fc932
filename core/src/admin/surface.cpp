#include "admin/surface.hpp"

#include <string_view>

#include "admin/routes.hpp"

namespace hangar {

AdminSurface::AdminSurface(const std::string& listen, const StatusBoard& board,
                           const prometheus::Collectable& services)
    : server_{"admin.listen", listen,
              [this, &board, &services](std::string_view method, std::string_view target) {
                const Snapshot seen = board.snapshot(StatusBoard::Clock::now());
                return admin_reply(method, target, seen, services, history_);
              }} {}

}  // namespace hangar
