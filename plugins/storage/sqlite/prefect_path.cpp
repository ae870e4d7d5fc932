#include "prefect_path.hpp"

#include "hangar/error.hpp"
#include "hangar/prefect_database.hpp"

namespace hangar::sqlite {
namespace {

/// Prefect's own folder, where its database is when nothing names it.
std::string prefect_home(OtherVariables& variables) {
  std::string set = variables.look({"PREFECT_HOME"}).value_or("~/.prefect");
  if (set != "~" && !set.starts_with("~/")) return set;
  const auto home = variables.look({"HOME"});
  if (!home) throw ConfigError{"HOME is not set, but Prefect's database is below it: set its name"};
  return *home + set.substr(1);
}

}  // namespace

std::optional<std::string> prefect_path(OtherVariables& variables) {
  if (const auto url = variables.look(prefect::names("CONNECTION_URL"))) {
    if (!url->starts_with("sqlite")) return std::nullopt;
    return variables.take(prefect::names("CONNECTION_URL"));
  }
  const auto driver = prefect::names("DRIVER");
  if (variables.look(driver) != "sqlite+aiosqlite") return std::nullopt;
  variables.take(driver);
  const auto name = variables.take(prefect::names("NAME"));
  return "sqlite+aiosqlite:///" + (name ? *name : prefect_home(variables) + "/prefect.db");
}

}  // namespace hangar::sqlite
