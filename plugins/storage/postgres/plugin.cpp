#include "hangar/plugin.hpp"

#include <array>
#include <string_view>

#include "connection_options.hpp"
#include "hangar/prefect_database.hpp"
#include "postgres_storage.hpp"
#include "prefect_url.hpp"

namespace {

constexpr std::array schemes{std::string_view{"postgres"}};

constexpr hangar::Plugin postgres_plugin() {
  hangar::Plugin plugin;
  plugin.kind = hangar::Plugin::Kind::storage;
  plugin.name = "postgres";
  plugin.version = "1.0.0";
  plugin.summary = "PostgreSQL 13 or newer, also behind PgBouncer";
  plugin.make_storage = [](const hangar::StorageOptions& options) -> hangar::Storage* {
    return new hangar::postgres::PostgresStorage{options};
  };
  plugin.schemes = schemes;
  plugin.url_forms = "postgresql://host/database (SQLAlchemy's postgresql+asyncpg://… too)";
  plugin.other_database = [] {
    auto database = hangar::prefect::database(&hangar::postgres::prefect_url);
    database.beside = &hangar::postgres::variables_beside;
    return database;
  };
  return plugin;
}

}  // namespace

HANGAR_PLUGIN(postgres_plugin());
