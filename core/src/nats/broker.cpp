#include "nats/broker.hpp"

#include <algorithm>

#include "hangar/error.hpp"

namespace hangar {

Broker::Broker(const Installation& installation, Log& log) : settings_{installation.config().nats} {
  const std::string embedded = "embedded";
  if (std::ranges::find(settings_.urls, embedded) == settings_.urls.end()) return;
  if (settings_.urls.size() > 1) {
    throw ConfigError{"nats.url: `embedded` stands alone, not beside other servers"};
  }
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
