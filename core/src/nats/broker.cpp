#include "nats/broker.hpp"

#include <algorithm>

#include "hangar/error.hpp"

namespace hangar {

Broker::Broker(const HostConfig::Nats& nats, const std::filesystem::path& data_dir, Log& log)
    : settings_{nats} {
  const std::string embedded = "embedded";
  if (std::ranges::find(settings_.urls, embedded) == settings_.urls.end()) return;
  if (settings_.urls.size() > 1) {
    throw ConfigError{"nats.url: `embedded` stands alone, not beside other servers"};
  }
  const auto folder = data_dir / "nats";
  if (auto running = EmbeddedServer::running(folder)) {
    settings_.urls = {*std::move(running)};
    return;
  }
  server_ = std::make_unique<EmbeddedServer>(
      EmbeddedServer::Options{.binary = nats.server_binary, .folder = folder}, log);
  settings_.urls = {server_->url()};
}

}  // namespace hangar
