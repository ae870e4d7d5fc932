#include "nats/broker.hpp"

#include <algorithm>

#include "hangar/error.hpp"

namespace hangar {

void check_embedded(const HostConfig::Nats& nats) {
  if (nats.urls.size() > 1 && std::ranges::find(nats.urls, "embedded") != nats.urls.end()) {
    throw ConfigError{"nats.url: `embedded` stands alone, not beside other servers"};
  }
}

Broker::Broker(const Installation& installation, Log& log) : settings_{installation.config().nats} {
  check_embedded(settings_);
  if (std::ranges::find(settings_.urls, "embedded") == settings_.urls.end()) return;
  const auto folder = installation.data_dir() / "nats";
  if (auto running = EmbeddedServer::running(folder)) {
    settings_.urls = {*std::move(running)};
    return;
  }
  server_ = std::make_unique<EmbeddedServer>(
      EmbeddedServer::Options{.binary = settings_.server_binary, .folder = folder}, log);
  settings_.urls = {server_->url()};
}

}  // namespace hangar
