#include "config/other_settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <cctype>
#include <filesystem>
#include <optional>
#include <set>
#include <sstream>

#include "config/read_file.hpp"
#include "hangar/error.hpp"

namespace hangar {
namespace {

constexpr std::size_t longest_file = 1U << 20U;
constexpr std::string_view around = " \t\r\"'";

std::string set_variables(const std::set<std::string>& names, const Environment& environment) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (!variable(environment, name).empty()) found.push_back(name);
  }
  return fmt::format("{}", fmt::join(found, ", "));
}

void refuse_lost_place(const OtherDatabase& database, const OtherVariables& variables) {
  for (const std::string& name : database.place) {
    if (!variables.look({name})) continue;
    throw ConfigError{fmt::format("{} is set, but names no database that a storage here takes. {}",
                                  name, database.hint)};
  }
}

/// The place with its variables put in, or nothing when one of them is not set.
std::optional<std::string> expanded(std::string place, const Environment& environment) {
  for (std::size_t begin = place.find("${"); begin != place.npos; begin = place.find("${")) {
    const std::size_t end = place.find('}', begin);
    const std::string value = variable(environment, place.substr(begin + 2, end - begin - 2));
    if (value.empty()) return std::nullopt;
    place.replace(begin, end + 1 - begin, value);
  }
  return place;
}

std::string bare(std::string_view text) {
  return std::string{boost::algorithm::trim_copy_if(text, boost::algorithm::is_any_of(around))};
}

/// The name of the variable that a dotted key of the file is, or nothing when it is none.
std::string variable_of(const OtherSettings::File& file, const std::string& key) {
  std::string name = key;
  if (!file.table.empty()) {
    if (!key.starts_with(file.table + ".")) return {};
    name = key.substr(file.table.size() + 1);
  }
  if (file.prefix.empty()) name = name.substr(name.rfind('.') + 1);
  std::ranges::transform(name, name.begin(), [](unsigned char character) {
    return character == '.' ? '_' : static_cast<char>(std::toupper(character));
  });
  return file.prefix + name;
}

/// The dotted keys of its `key = value` lines, each below the table that it stands in.
std::vector<std::string> keys_of(const std::string& text) {
  std::vector<std::string> keys;
  std::string table;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    line = bare(line);
    if (line.starts_with("export ")) line = line.substr(7);
    if (line.starts_with('[')) {
      const std::size_t begin = line.find_first_not_of('[');
      table = begin == line.npos ? "" : bare(line.substr(begin, line.find(']') - begin)) + ".";
    } else if (const std::size_t equals = line.find('=');
               equals != line.npos && !line.starts_with('#')) {
      keys.push_back(table + bare(line.substr(0, equals)));
    }
  }
  return keys;
}

}  // namespace

void take_other_database(std::span<const OtherDatabase> databases, const Sections& sections,
                         const Environment& environment, Url& url, Loaded& loaded) {
  std::string& origin = loaded.origins.at("storage.url");
  const bool own = !is_default(origin);
  bool found = false;
  std::set<std::string> taken;
  for (const auto& [path, field] : entries(sections)) {
    taken.insert(field->other_variables.begin(), field->other_variables.end());
  }
  for (const OtherDatabase& database : databases) {
    for (const OtherSettings::Block& block : blocks_of(database.settings, environment)) {
      if (!own) throw ConfigError{block_refusal(block, "storage.url")};
      loaded.untaken.insert(block.variable);
    }
  }
  for (const OtherDatabase& database : databases) {
    OtherVariables variables{environment};
    if (own) {
      taken.insert(database.place.begin(), database.place.end());
      taken.insert(database.access.begin(), database.access.end());
    } else if (auto named = database.url(variables)) {
      url = Url{*std::move(named)};
      taken.insert(variables.taken().begin(), variables.taken().end());
      origin = "environment " + set_variables(variables.taken(), environment);
      found = true;
    }
  }
  for (const OtherDatabase& database : databases) {
    if (!own && !found) refuse_lost_place(database, OtherVariables{environment});
    for (const std::string& name : variables_of(database.settings, environment)) {
      if (environment.at(name).empty()) {
        loaded.empty.insert(name);
      } else if (!taken.contains(name)) {
        loaded.untaken.insert(name);
      }
    }
  }
}

std::vector<OtherFile> find_other_files(std::span<const OtherSettings> watched,
                                        const Environment& environment) {
  // By path: two plugins may know the same file.
  std::map<std::string, std::set<std::string>> found;
  const auto is_watched = [&](const std::string& name) {
    return std::ranges::any_of(watched, [&](const OtherSettings& settings) {
      return !variables_of(settings, {{name, ""}}).empty();
    });
  };
  const auto look_into = [&](const OtherSettings::File& file) {
    for (const std::string& place : file.places) {
      const auto path = expanded(place, environment);
      if (!path) continue;
      std::error_code failed;
      if (!std::filesystem::is_regular_file(*path, failed)) return;
      try {
        for (const std::string& key : keys_of(read_file(*path, longest_file))) {
          const std::string name = variable_of(file, key);
          if (is_watched(name)) found[*path].insert(name);
        }
      } catch (const ConfigError&) {
        // It is nothing that Hangar needs.
      }
      return;
    }
  };
  for (const OtherSettings& settings : watched) std::ranges::for_each(settings.files, look_into);
  std::vector<OtherFile> files;
  for (auto& [path, names] : found) files.push_back({path, {names.begin(), names.end()}});
  return files;
}

}  // namespace hangar
