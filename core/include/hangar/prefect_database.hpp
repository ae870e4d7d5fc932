#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hangar/other_database.hpp"

/// The settings of a Prefect server that say which database it uses, as Prefect 3.9.1 has them in
/// `prefect.settings.models.server.database`.
namespace hangar::prefect {

/// The names of one setting, the stronger one first.
inline std::vector<std::string> names(const std::string& setting) {
  return {"PREFECT_SERVER_DATABASE_" + setting, "PREFECT_API_DATABASE_" + setting};
}

inline std::vector<std::string> names(std::initializer_list<const char*> settings) {
  std::vector<std::string> all;
  for (const char* setting : settings) {
    for (std::string& name : names(std::string{setting})) all.push_back(std::move(name));
  }
  return all;
}

inline OtherDatabase database(std::optional<std::string> (*url)(OtherVariables&)) {
  OtherDatabase database;
  database.settings.prefixes = {"PREFECT_SERVER_DATABASE_", "PREFECT_API_DATABASE_",
                                "PREFECT_SQLALCHEMY_"};
  database.settings.files = {
      {.places = {"${PREFECT_PROFILES_PATH}", "${PREFECT_HOME}/profiles.toml",
                  "${HOME}/.prefect/profiles.toml"}},
      {.places = {".env"}},
      {.places = {"prefect.toml"}, .prefix = "PREFECT_"},
      {.places = {"pyproject.toml"}, .table = "tool.prefect", .prefix = "PREFECT_"}};
  const std::string whole = "PREFECT_SERVER_DATABASE";
  database.settings.blocks = {{"PREFECT_SERVER", "database"},
                              {whole},
                              {whole + "_SQLALCHEMY"},
                              {whole + "_SQLALCHEMY_CONNECT_ARGS"},
                              {whole + "_SQLALCHEMY_CONNECT_ARGS_TLS"}};
  database.place = names({"CONNECTION_URL", "DRIVER", "HOST", "NAME"});
  database.access = names({"PORT", "USER", "PASSWORD"});
  database.hint =
      "Prefect takes a PREFECT_SERVER_DATABASE_CONNECTION_URL that begins with postgresql or "
      "sqlite, or PREFECT_SERVER_DATABASE_DRIVER (postgresql+asyncpg or sqlite+aiosqlite) and what "
      "belongs to it: set them, or storage.url";
  database.url = url;
  return database;
}

}  // namespace hangar::prefect
