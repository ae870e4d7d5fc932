#include "hangar/service.hpp"

namespace hangar {

Log::~Log() = default;
ServiceFactory::~ServiceFactory() = default;
Context::~Context() = default;
Publisher::~Publisher() = default;
Consumer::~Consumer() = default;
Lease::~Lease() = default;
Exchange::~Exchange() = default;
WebSocket::~WebSocket() = default;
Listener::~Listener() = default;
Command::~Command() = default;
Service::~Service() = default;

}  // namespace hangar
