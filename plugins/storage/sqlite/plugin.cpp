#include "hangar/plugin.hpp"

#include <array>
#include <memory>
#include <string_view>

#include "hangar/prefect_database.hpp"
#include "hangar/storage.hpp"
#include "prefect_path.hpp"
#include "sqlite_storage.hpp"

namespace {

constexpr std::array schemes{std::string_view{"sqlite"}};

constexpr hangar::Plugin description() {
  hangar::Plugin plugin;
  plugin.kind = hangar::Plugin::Kind::storage;
  plugin.name = "sqlite";
  plugin.version = "0.1.0";
  plugin.summary = "One SQLite file, also one that a Prefect server uses";
  plugin.make_storage = [](const hangar::StorageOptions& options) -> hangar::Storage* {
    return std::make_unique<hangar::sqlite::SqliteStorage>(options).release();
  };
  plugin.schemes = schemes;
  plugin.url_forms =
      "a path or sqlite:////absolute/path for a SQLite file (SQLAlchemy's sqlite+aiosqlite:///… "
      "too)";
  plugin.default_file = "hangar.db";
  plugin.other_database = [] { return hangar::prefect::database(&hangar::sqlite::prefect_path); };
  return plugin;
}

}  // namespace

HANGAR_PLUGIN(description());
