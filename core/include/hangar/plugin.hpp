#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "hangar/build_tag.hpp"
#include "hangar/command.hpp"
#include "hangar/config.hpp"
#include "hangar/needs.hpp"
#include "hangar/other_database.hpp"
#include "hangar/version.hpp"

namespace hangar {

class Context;
class Service;
class Storage;
struct StorageOptions;

/// Makes instances of one service and owns their configuration. The host binds `fields`, fills them
/// from files and the environment, and then calls `make`.
class HANGAR_API ServiceFactory {
 public:
  ServiceFactory() = default;
  ServiceFactory(const ServiceFactory&) = delete;
  ServiceFactory& operator=(const ServiceFactory&) = delete;
  virtual ~ServiceFactory();
  virtual void fields(Fields& fields) = 0;
  [[nodiscard]] virtual bool enabled() const = 0;
  /// By the settings. Throws ConfigError where only all of them together show what is wrong.
  [[nodiscard]] virtual Needs needs() const = 0;
  /// The context outlives the service.
  [[nodiscard]] virtual std::unique_ptr<Service> make(Context& context) const = 0;
};

/// What a plugin exports, once, under the name `hangar_plugin`. The host looks at it only when the
/// build tag in the plugin's file is its own.
struct Plugin {
  enum class Kind : std::uint32_t { service = 1, storage = 2 };

  Kind kind = Kind::service;
  const char* name = "";
  const char* version = "";
  const char* summary = "";
  /// For a service; the caller owns the result.
  ServiceFactory* (*make_service)() = nullptr;
  /// For a service: the commands `hangar <command_group> <name>`, which work whether it is enabled
  /// or not. No other plugin has a group of that name.
  std::span<const CommandInfo> commands{};
  const char* command_group = "";
  /// For a storage; the caller owns the result. Throws ConfigError for a URL it cannot take.
  Storage* (*make_storage)(const StorageOptions&) = nullptr;
  /// For a storage: what the scheme of a `storage.url` begins with when it is this storage's. Where
  /// `storage.type` is not set, the first storage that takes the scheme is chosen.
  std::span<const std::string_view> schemes{};
  /// For a storage with schemes: what to write, for messages, as in "postgresql://host/database".
  const char* url_forms = "";
  /// For a storage that needs no `storage.url`: the name of the file in `data_dir` that it is given
  /// then as the URL. The host's own, so absent tables are created in it. Else null, and the URL
  /// is empty then.
  const char* default_file = nullptr;
  /// For a storage that another program's variables may name, else null.
  OtherDatabase (*other_database)() = nullptr;
};

}  // namespace hangar

/// Exports the description, for example
/// `HANGAR_PLUGIN(hangar::service_plugin<EventLogger>("event_logger", "1.0.0", "Prints events"));`
/// and leaves the build tag in a section of its own, where the host reads it without loading
/// anything. It is a copy: a reference to the host's constant would say what the host is.
#define HANGAR_PLUGIN(...)                                           \
  static constexpr auto hangar_build_tag                             \
      [[gnu::section("hangar_build_tag"), gnu::used, gnu::retain]] = \
          std::to_array(::hangar::build_tag);                        \
  extern "C" HANGAR_API const ::hangar::Plugin hangar_plugin;        \
  extern "C" HANGAR_API constexpr ::hangar::Plugin hangar_plugin = __VA_ARGS__
