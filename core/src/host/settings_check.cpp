#include "host/settings_check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "embedded/embedded_place.hpp"
#include "hangar/error.hpp"
#include "host/nats_server.hpp"
#include "http/listen_address.hpp"
#include "jetstream/jetstream.hpp"
#include "nats/connection.hpp"
#include "nats/endpoint.hpp"
#include "nats/subjects.hpp"
#include "service/needs_check.hpp"

namespace hangar {
namespace {

/// The path of a setting that the text begins with.
std::string_view path_in(std::string_view text) { return text.substr(0, text.find_first_of(": ")); }

/// The settings with nothing that this machine may lack.
NatsConfig without_files(const NatsConfig& nats) {
  NatsConfig none = nats;
  none.credentials_file.clear();
  none.nkey_seed_file.clear();
  none.tls.ca_file.clear();
  none.tls.cert_file.clear();
  none.tls.key_file.clear();
  none.tls.handshake_first = false;
  return none;
}

/// An event waits in the stream while a database is restarted, and a little longer.
void check_max_age(std::chrono::milliseconds age) {
  if (age == std::chrono::milliseconds{0} || age >= std::chrono::minutes{1}) return;
  throw ConfigError{
      fmt::format("nats.max_age: the server would delete an event after {} ms, before it can be "
                  "recorded: write "
                  "1m or more, such as 7d, or 0 to keep events for ever",
                  age.count())};
}

/// How the settings of a source begin where a service names them as `ReaderConfig` does, those of a
/// source beside the main one in a group of its name.
std::string setting_of(const std::string& service, const SourceOptions& source) {
  const bool main = source.name == SourceOptions{}.name;
  return fmt::format("services.{}.{}", service, main ? "" : source.name + '.');
}

}  // namespace

void check_plugin_folders(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    if (std::filesystem::path{folder}.is_absolute()) continue;
    throw ConfigError{
        folder.starts_with('[')
            ? fmt::format("plugins.path: {} is no path: outside of a file, folders stand without "
                          "brackets, with a comma between two",
                          in_quotes(folder))
            : fmt::format("plugins.path: {} is a relative path: write {}", in_quotes(folder),
                          std::filesystem::absolute(folder).string())};
  }
}

void check_writable(const std::filesystem::path& folder) {
  // A folder in it, or in the nearest one that is there; another host may make these meanwhile.
  std::error_code failed;
  std::filesystem::path nearest = folder;
  while (nearest.has_relative_path() && !std::filesystem::exists(nearest, failed)) {
    nearest = nearest.parent_path();
  }
  const std::filesystem::path probe = nearest / fmt::format(".hangar-check.{}", ::getpid());
  if (::mkdir(probe.c_str(), S_IRWXU) != 0) {
    if (errno == EEXIST) return;
    throw ConfigError{fmt::format(
        "data_dir: nothing can be written in {}: {}: set it to a folder that this user can make or "
        "write",
        folder.string(), std::generic_category().message(errno))};
  }
  std::filesystem::remove(probe, failed);
}

void SettingsExamination::report(const std::string& what) {
  const std::string_view path = path_in(what);
  const auto set = loaded_.set.find(std::string{path});
  if (set == loaded_.set.end()) return problems_.add(what);
  const Whence& whence = set->second;
  if (whence.label.empty()) return problems_.add(whence.place, what);
  problems_.add(whence.label + what.substr(path.size()));
}

bool SettingsExamination::attempt(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    report(error.what());
    return false;
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // No fault of a setting: whoever does the same in earnest fails with it.
  }
  return true;
}

void SettingsExamination::look_at(const HostConfig& config) {
  look_at(config.nats);
  if (config.admin.listen.empty()) return;
  attempt([&] { static_cast<void>(listen_address(config.admin.listen, "admin.listen")); });
}

void SettingsExamination::look_at(const NatsConfig& nats) {
  NatsConfig one = nats;
  attempt([&] { check_embedded(nats); });
  attempt([&] { static_cast<void>(api_prefix(nats)); });
  attempt([&] { static_cast<void>(inbox_prefix(nats)); });
  attempt([&] { check_max_age(nats.max_age); });
  for (const std::string& url : nats.urls) {
    if (url == "embedded") {
      attempt([&] { static_cast<void>(find_server_program(nats.server_binary)); });
      continue;
    }
    one.urls = {url};
    attempt([&] { static_cast<void>(endpoints(one)); });
  }
  // Any server: it is about what there is on this machine, each file by itself.
  Endpoint endpoint;
  endpoint.host = endpoint.tls_name = "127.0.0.1";
  const auto read = [&](bool given, const auto& put_in) {
    if (!given) return;
    NatsConfig some = without_files(nats);
    put_in(some);
    attempt([&] { Connection::check(endpoint, {.nats = some, .name = "hangar"}); });
  };
  read(!nats.credentials_file.empty(),
       [&](NatsConfig& some) { some.credentials_file = nats.credentials_file; });
  read(!nats.nkey_seed_file.empty(),
       [&](NatsConfig& some) { some.nkey_seed_file = nats.nkey_seed_file; });
  endpoint.tls = true;
  read(nats.tls.handshake_first, [](NatsConfig& some) { some.tls.handshake_first = true; });
  read(!nats.tls.ca_file.empty(), [&](NatsConfig& some) { some.tls.ca_file = nats.tls.ca_file; });
  read(!nats.tls.cert_file.empty() || !nats.tls.key_file.empty(), [&](NatsConfig& some) {
    some.tls.cert_file = nats.tls.cert_file;
    some.tls.key_file = nats.tls.key_file;
  });
}

void SettingsExamination::look_at(const std::vector<CheckedService>& services) {
  Durables durables;
  for (const CheckedService& service : services) {
    attempt([&] {
      const Needs needs = checked_needs(service.name, *service.factory);
      for (const SourceOptions& source : needs.reads) look_at(service.name, source, durables);
    });
  }
}

void SettingsExamination::look_at(const std::string& service, const SourceOptions& source,
                                  Durables& durables) {
  const std::string prefix = setting_of(service, source);
  attempt([&] { check_jetstream_name(source.stream, prefix + "stream"); });
  attempt([&] { check_jetstream_name(source.durable, prefix + "durable"); });
  attempt([&] { check_filter_subject(source.filter_subject, prefix + "filter_subject"); });
  const auto [other, is_new] = durables.try_emplace({source.stream, source.durable}, service);
  if (is_new) return;
  report(
      fmt::format("{}durable: {} of stream {} is the durable of {} too: each of the two would "
                  "get a part of the messages; give each its own",
                  prefix, source.durable, source.stream, other->second));
}

}  // namespace hangar
