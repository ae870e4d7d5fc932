#include "host/nats_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "config/mask_url.hpp"
#include "hangar/error.hpp"

namespace hangar {

void check_embedded(const NatsConfig& nats) {
  if (nats.urls.size() > 1 && std::ranges::find(nats.urls, "embedded") != nats.urls.end()) {
    throw ConfigError{"nats.url: `embedded` stands alone, not beside other servers"};
  }
}

NatsServer::NatsServer(const Installation& installation, Log& log)
    : settings_{installation.config().nats} {
  check_embedded(settings_);
  if (std::ranges::find(settings_.urls, "embedded") == settings_.urls.end()) return;
  server_ = std::make_unique<EmbeddedServer>(
      EmbeddedServer::Options{.binary = settings_.server_binary,
                              .folder = installation.data_dir() / "nats"},
      log);
  settings_.urls = {server_->url()};
  settings_.embedded = true;
  // It lets nobody in by other means.
  settings_.user.clear();
  settings_.password = Secret{};
  settings_.credentials_file.clear();
  settings_.nkey_seed_file.clear();
  settings_.token = server_->token();
}

std::vector<std::string> NatsServer::shown_urls() const {
  std::vector<std::string> urls;
  for (const std::string& url : settings_.urls) urls.push_back(shown_url(url));
  return urls;
}

std::string NatsServer::trouble() const {
  const auto why = server_ ? server_->refuses_writes() : std::nullopt;
  return why ? fmt::format(
                   "the embedded nats-server has no room for its store: {}; free some disk space, "
                   "or "
                   "set data_dir",
                   *why)
             : std::string{};
}

}  // namespace hangar
