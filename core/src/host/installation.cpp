#include "host/installation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <stdexcept>
#include <utility>

#include "api/describe.hpp"
#include "config/other_settings.hpp"
#include "hangar/error.hpp"
#include "hangar/file_storage.hpp"
#include "host/nats_context.hpp"
#include "host/settings_check.hpp"
#include "plugin/file_permissions.hpp"

namespace hangar {
namespace {

/// What stands before `://`; empty when there is no such thing, or what may be a part of a secret.
std::string_view scheme_of(std::string_view url) {
  if (url.starts_with("jdbc:")) return "jdbc";
  const std::string_view scheme = url.substr(0, url.find("://"));
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.' || c == '_';
  };
  return scheme.size() < url.size() && std::ranges::all_of(scheme, fits) ? scheme
                                                                         : std::string_view{};
}

/// What is set there before anything else is known; nothing when that is the default.
std::optional<Value> peek_host(const std::string& path, const LoadInputs& inputs) {
  HostConfig config;
  Sections sections;
  config.fields(sections.host);
  return peek(sections, path, inputs);
}

std::string present_url(const LoadInputs& inputs) {
  const auto set = peek_host("storage.url", inputs);
  return set ? std::get<Url>(*set).value : std::string{};
}

/// Whether the settings switch the service off whose library was refused.
bool is_switched_off(const std::string& service, const LoadInputs& inputs) {
  bool enabled = true;
  Sections sections;
  sections.services.try_emplace(service, service, "").first->second.add("enabled", &enabled, "");
  const auto set = peek(sections, "services." + service + ".enabled", inputs);
  return set && !std::get<bool>(*set);
}

}  // namespace

Installation::Installation(const HostOptions& options)
    : only_{options.only},
      inputs_{.files = options.config_files,
              .sets = options.sets,
              // Prefect reads its variables in any case.
              .environment = with_upper_case(options.environment, "PREFECT_")} {
  const auto set = peek_host("plugins.path", inputs_);
  const auto folders = set ? std::get<std::vector<std::string>>(*set) : std::vector<std::string>{};
  plugins_ = find_plugins(plugin_folders(folders));
  config_.fields(sections_.host, fmt::format("{}", fmt::join(url_forms(), "; ")));
  for (FoundPlugin& found : plugins_) {
    if (found.plugin != nullptr && found.plugin->kind == Plugin::Kind::service) add_service(found);
    if (!found.refused()) continue;
    const std::string name = found.path.stem().string();
    sections_.refused.insert(name);
    found.switched_off = is_switched_off(name, inputs_);
  }
  std::ranges::sort(services_, {},
                    [](const Service& service) { return std::string_view{service.plugin->name}; });
}

void Installation::add_service(FoundPlugin& found) {
  const Plugin& plugin = *found.plugin;
  try {
    std::unique_ptr<ServiceFactory> factory{plugin.make_service()};
    if (!factory) throw Error{"it made no factory"};
    Fields& fields =
        sections_.services.try_emplace(plugin.name, plugin.name, plugin.summary).first->second;
    factory->fields(fields);
    services_.push_back({&plugin, std::move(factory)});
  } catch (...) {
    sections_.services.erase(plugin.name);
    found.refusal = fmt::format("fails when it is asked for its settings: {}",
                                describe(std::current_exception()));
    found.plugin = nullptr;
  }
}

void Installation::load(Checked checked) {
  loaded_ = hangar::load(sections_, inputs_, [&](Loaded& loaded, Problems& problems) {
    SettingsExamination examination{loaded, problems};
    examination.attempt(
        [&] { apply_nats_context(config_.nats, loaded.origins, inputs_.environment); });
    examination.attempt([&] { take_database_of_others(loaded); });
    if (config_.storage.type.empty()) choose_storage(loaded);
    if (checked == Checked::everything) look_at_everything(loaded, problems);
  });
  warn_of_variables_beside();
  if (!loaded_.empty.empty()) {
    loaded_.warnings.push_back(
        fmt::format("set but empty, which counts as not set: {}", fmt::join(loaded_.empty, ", ")));
  }
  if (!loaded_.untaken.empty()) {
    loaded_.warnings.push_back(
        fmt::format("settings of another program that Hangar does not take: {}",
                    fmt::join(loaded_.untaken, ", ")));
  }
}

void Installation::take_database_of_others(Loaded& loaded) {
  std::vector<OtherDatabase> databases;
  for (const Plugin* plugin : storages()) {
    if (plugin->other_database != nullptr) databases.push_back(plugin->other_database());
  }
  take_other_database(databases, sections_, inputs_.environment, config_.storage.url, loaded);
}

void Installation::warn_of_variables_beside() {
  const OtherVariables variables{inputs_.environment};
  for (const Plugin* plugin : storages()) {
    if (config_.storage.type != plugin->name || plugin->other_database == nullptr) continue;
    const OtherDatabase database = plugin->other_database();
    if (database.beside == nullptr) continue;
    for (const std::string& name : database.beside(config_.storage.url.value, variables)) {
      loaded_.warnings.push_back(
          fmt::format("{} is set, and the {} storage reads it beside storage.url, which Prefect "
                      "does not: rows may go elsewhere; unset it, or put it into storage.url",
                      name, plugin->name));
    }
  }
}

std::vector<const Plugin*> Installation::storages() const {
  std::vector<const Plugin*> storages;
  for (const FoundPlugin& found : plugins_) {
    if (found.plugin != nullptr && found.plugin->kind == Plugin::Kind::storage) {
      storages.push_back(found.plugin);
    }
  }
  return storages;
}

void Installation::choose_storage(Loaded& loaded) {
  const std::string_view scheme = scheme_of(config_.storage.url.value);
  const auto is_its = [&](const Plugin* plugin) {
    const auto takes = [&](std::string_view begin) { return scheme.starts_with(begin); };
    return scheme.empty() ? plugin->default_file != nullptr
                          : std::ranges::any_of(plugin->schemes, takes);
  };
  const auto all = storages();
  const auto chosen = std::ranges::find_if(all, is_its);
  if (chosen == all.end()) return;
  config_.storage.type = (*chosen)->name;
  if (!scheme.empty()) loaded.origins.at("storage.type") = "storage.url";
}

std::vector<std::string_view> Installation::url_forms() const {
  std::vector<std::string_view> forms;
  for (const Plugin* plugin : storages()) {
    if (!plugin->schemes.empty()) forms.emplace_back(plugin->url_forms);
  }
  return forms;
}

void Installation::look_at_everything(const Loaded& loaded, Problems& problems) const {
  SettingsExamination examination{loaded, problems};
  examination.look_at(config_);
  const bool has_plugins = examination.attempt([&] { check_plugin_folders(config_.plugins.path); });
  const bool has_folder =
      !needs_data_dir() || examination.attempt([&] { check_writable(data_dir()); });
  if (has_plugins && has_folder) {
    examination.attempt([&] {
      const auto storage = make_storage();
      const auto* file = dynamic_cast<const FileStorage*>(storage.get());
      if (file != nullptr) file->check_place(creation());
    });
  }
  std::vector<CheckedService> chosen;
  for (const Service& service : services_) {
    const std::string name = service.plugin->name;
    const bool runs =
        only_.empty() ? service.factory->enabled() : std::ranges::find(only_, name) != only_.end();
    if (runs) chosen.push_back({name, service.factory.get()});
  }
  examination.look_at(chosen);
}

std::vector<OtherSettings> Installation::other_settings() const {
  std::vector<OtherSettings> all = watched(sections_);
  for (const Plugin* plugin : storages()) {
    if (plugin->other_database != nullptr) all.push_back(plugin->other_database().settings);
  }
  return all;
}

const HostConfig& Installation::config() const {
  if (loaded_.origins.empty()) throw std::logic_error{"settings are read before they are loaded"};
  return config_;
}

const Plugin* Installation::storage_by_type() const {
  for (const Plugin* plugin : storages()) {
    if (config_.storage.type == plugin->name) return plugin;
  }
  return nullptr;
}

const Plugin& Installation::storage_plugin() const {
  if (const Plugin* plugin = storage_by_type()) return *plugin;
  if (config_.storage.type.empty()) {
    const std::string_view scheme = scheme_of(config_.storage.url.value);
    const auto forms = url_forms();
    if (storages().empty()) {
      throw ConfigError{
          "storage.type: no plugin of a storage was found: install one, or name its folder in "
          "plugins.path; see `hangar plugins ls`"};
    }
    throw ConfigError{
        scheme.empty()
            ? std::string{"storage.type: set it: no storage that was found has a default file"}
            : fmt::format("storage.url: no storage that was found takes a {} URL: install the "
                          "plugin of one that does{}{}",
                          scheme, forms.empty() ? "" : ", or write ", fmt::join(forms, ", or "))};
  }
  std::vector<std::string_view> names;
  for (const Plugin* plugin : storages()) names.emplace_back(plugin->name);
  throw ConfigError{
      fmt::format("storage.type: there is no storage '{}', only {}; see `hangar "
                  "plugins ls` for those that were refused",
                  config_.storage.type, fmt::join(names, ", "))};
}

std::unique_ptr<Storage> Installation::make_storage() const {
  const auto& settings = config_.storage;
  StorageOptions options{.url = settings.url.value,
                         .read_url = [inputs = inputs_] { return present_url(inputs); },
                         .application_name = "hangar",
                         .statement_timeout = settings.statement_timeout};
  if (const char* file = default_file()) options.url = (data_dir() / file).string();
  std::unique_ptr<Storage> storage{storage_plugin().make_storage(options)};
  if (!storage) throw Error{fmt::format("the plugin of storage '{}' made none", settings.type)};
  return storage;
}

const char* Installation::default_file() const {
  const Plugin* plugin = config_.storage.url.value.empty() ? storage_by_type() : nullptr;
  return plugin != nullptr ? plugin->default_file : nullptr;
}

Creation Installation::creation() const {
  const bool own = default_file() != nullptr;
  return config_.storage.create_tables || own ? Creation::when_absent : Creation::never;
}

std::optional<std::filesystem::path> Installation::known_data_dir() const {
  if (!config_.data_dir.empty()) return std::filesystem::absolute(config_.data_dir);
  if (const auto state = variable(inputs_.environment, "XDG_STATE_HOME"); !state.empty()) {
    return std::filesystem::path{state} / "hangar";
  }
  const auto home = variable(inputs_.environment, "HOME");
  if (home.empty()) return std::nullopt;
  return std::filesystem::path{home} / ".local" / "state" / "hangar";
}

bool Installation::needs_data_dir() const {
  const auto& urls = config_.nats.urls;
  return default_file() != nullptr || std::ranges::find(urls, "embedded") != urls.end();
}

std::filesystem::path Installation::data_dir() const {
  const auto folder = known_data_dir();
  if (!folder) {
    throw ConfigError{
        "data_dir: set it, since neither XDG_STATE_HOME nor HOME is, and the embedded nats-server "
        "and the default file of a storage need it (or set nats.url and storage.url)"};
  }
  if (const auto reason = refuse_shared_folder(*folder)) {
    throw ConfigError{fmt::format(
        "data_dir: {}; Hangar keeps its store in a folder that nobody else can change", *reason)};
  }
  return *folder;
}

}  // namespace hangar
