#include "config/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <cctype>
#include <utility>

#include "config/value.hpp"

namespace hangar {
namespace {

void collect(const Fields& fields, const std::string& prefix, std::vector<Entry>& into) {
  for (const Field& field : fields.fields()) into.push_back({prefix + field.name, &field});
  for (const Fields& group : fields.groups()) collect(group, prefix + group.name() + ".", into);
}

void collect_watched(const Fields& fields, std::vector<OtherSettings>& all) {
  all.insert(all.end(), fields.watched().begin(), fields.watched().end());
  for (const Fields& group : fields.groups()) collect_watched(group, all);
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
  std::vector<OtherSettings> all;
  collect_watched(sections.host, all);
  for (const auto& [name, fields] : sections.services) collect_watched(fields, all);
  return all;
}

std::string in_upper_case(std::string text) {
  boost::algorithm::to_upper(text);
  return text;
}

std::vector<std::string> variables_of(const OtherSettings& settings, const Environment& environment,
                                      Meant meant) {
  std::vector<std::string> found;
  for (const auto& [name, value] : environment) {
    const std::string upper = in_upper_case(name);
    if (name != upper && environment.contains(upper)) continue;
    const bool theirs = std::ranges::any_of(
        settings.prefixes, [&](const std::string& prefix) { return upper.starts_with(prefix); });
    const bool alone = std::ranges::find(settings.left_alone, upper) != settings.left_alone.end();
    if (theirs && alone == (meant == Meant::for_them)) found.push_back(name);
  }
  return found;
}

std::vector<OtherSettings::Block> blocks_of(const OtherSettings& settings,
                                            const Environment& environment) {
  std::vector<OtherSettings::Block> found;
  for (const OtherSettings::Block& block : settings.blocks) {
    const std::string text = variable(environment, block.variable);
    if (!text.empty() && boost::algorithm::icontains(text, block.word)) found.push_back(block);
  }
  return found;
}

std::string block_refusal(const OtherSettings::Block& block, std::string_view own) {
  return fmt::format(
      "{0} holds many settings as JSON, which Hangar does not read: set the variable of each "
      "setting instead, {0}_..., or {1}",
      block.variable, own);
}

Environment with_upper_case(Environment environment, std::string_view prefix) {
  Environment more;
  for (const auto& [name, value] : environment) {
    std::string upper = in_upper_case(name);
    if (name != upper && !value.empty() && upper.starts_with(prefix)) {
      more.try_emplace(std::move(upper), value);
    }
  }
  for (auto& [name, value] : more) {
    std::string& present = environment[name];
    if (present.empty()) present = std::move(value);
  }
  return environment;
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
