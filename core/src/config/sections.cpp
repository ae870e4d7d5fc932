#include "config/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/value.hpp"

namespace hangar {
namespace {

void collect(const Fields& fields, const std::string& prefix, std::vector<Entry>& into) {
  for (const Field& field : fields.fields()) into.push_back({prefix + field.name, &field});
  for (const Fields& group : fields.groups()) collect(group, prefix + group.name() + ".", into);
}

}  // namespace

std::vector<Entry> entries(const Sections& sections) {
  std::vector<Entry> result;
  collect(sections.host, "", result);
  for (const auto& [name, fields] : sections.services) {
    collect(fields, "services." + name + ".", result);
  }
  return result;
}

std::vector<OtherSettings> watched(const Sections& sections) {
  std::vector<OtherSettings> all = sections.host.watched();
  for (const auto& [name, fields] : sections.services) {
    all.insert(all.end(), fields.watched().begin(), fields.watched().end());
  }
  return all;
}

std::vector<std::string> variables_of(const OtherSettings& settings, const Environment& environment,
                                      Meant meant) {
  std::vector<std::string> found;
  for (const auto& [name, value] : environment) {
    std::string upper = name;
    std::ranges::transform(upper, upper.begin(), [](unsigned char character) {
      return static_cast<char>(std::toupper(character));
    });
    const bool theirs = std::ranges::any_of(
        settings.prefixes, [&](const std::string& prefix) { return upper.starts_with(prefix); });
    const bool alone = std::ranges::find(settings.left_alone, upper) != settings.left_alone.end();
    if (theirs && alone == (meant == Meant::for_them)) found.push_back(name);
  }
  return found;
}

std::string environment_name(std::string_view path) {
  std::string name = "HANGAR_";
  for (const char character : path) {
    const auto byte = static_cast<unsigned char>(character);
    name += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return name;
}

bool is_foreign_variable(std::string_view name) {
  return name == "HANGAR_SERVICE_HOST" || name == "HANGAR_BIN" ||
         name.starts_with("HANGAR_SERVICE_PORT") || name.starts_with("HANGAR_PORT") ||
         name.starts_with("HANGAR_TEST_");
}

std::vector<std::string> check_collisions(const Sections& sections) {
  std::vector<std::string> collisions;
  std::map<std::string, std::string> owners;
  const auto claim = [&](const std::string& name, const std::string& path) {
    if (is_foreign_variable(name)) {
      collisions.push_back(fmt::format("{} would be set by {}, which others use", path, name));
    }
    const auto [owner, is_new] = owners.try_emplace(name, path);
    if (!is_new) {
      collisions.push_back(
          fmt::format("{} would set both {} and {}: rename one", name, owner->second, path));
    }
  };
  for (const auto& [path, field] : entries(sections)) {
    claim(environment_name(path), path);
    if (is_confidential(*field)) claim(environment_name(path) + "_FILE", path);
  }
  return collisions;
}

}  // namespace hangar
