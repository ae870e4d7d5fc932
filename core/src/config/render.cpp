#include "config/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <boost/json/object.hpp>
#include <functional>

#include "config/shown_value.hpp"
#include "config/value.hpp"
#include "text/indented_json.hpp"

namespace hangar {
namespace {

constexpr std::size_t width = 100;

/// A file name may hold any bytes, but a comment is a line of UTF-8.
std::string one_line(std::string_view text) {
  const std::string quoted = json_string(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string comment(const std::string& text, std::size_t level) {
  const std::string begin = fmt::format("{:{}}#", "", 2 * level);
  std::string result;
  std::string line = begin;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (line.size() + 1 + end - at > width && line.size() > begin.size()) {
      result += line + "\n";
      line = begin;
    }
    line.append(" ").append(text, at, end - at);
    at = end + 1;
  }
  return result + line + "\n";
}

/// Help, and what the type alone does not tell.
std::string meaning(const Field& field) {
  const std::string limits = bounds(field);
  return limits.empty() ? field.help : fmt::format("{} ({})", field.help, limits);
}

struct TreeText {
  std::function<std::string(const std::string& path, const Field& field, std::size_t level)> field;
  std::function<std::string(const Fields& group, std::size_t level)> group;
};

std::string tree(const Fields& fields, const std::string& prefix, std::size_t level,
                 const TreeText& text) {
  std::string result;
  for (const Field& field : fields.fields()) {
    result += text.field(prefix + field.name, field, level);
  }
  for (const Fields& group : fields.groups()) {
    result += text.group(group, level);
    result += fmt::format("{:{}}{}:\n", "", 2 * level, group.name());
    result += tree(group, prefix + group.name() + ".", level + 1, text);
  }
  return result;
}

std::string whole_tree(const Sections& sections, const TreeText& text) {
  std::string result = tree(sections.host, "", 0, text);
  if (sections.services.empty()) return result;
  result += text.group(Fields{"services", "What runs in this process"}, 0) + "services:\n";
  for (const auto& [name, fields] : sections.services) {
    result += fmt::format("{}  {}:\n", text.group(fields, 1), name);
    result += tree(fields, "services." + name + ".", 2, text);
  }
  return result;
}

std::string origin_of(const Origins& origins, const std::string& path) {
  const auto origin = origins.find(path);
  return origin == origins.end() ? "default" : one_line(origin->second);
}

std::string in_cell(const std::string& text) {
  return boost::algorithm::replace_all_copy(text, "|", "\\|");
}

}  // namespace

std::string render_show(const Sections& sections, const Origins& origins) {
  TreeText text;
  text.field = [&](const std::string& path, const Field& field, std::size_t level) {
    return fmt::format("{:{}}{}: {}  # {}\n", "", 2 * level, field.name, shown_yaml(field),
                       origin_of(origins, path));
  };
  text.group = [](const Fields&, std::size_t) { return std::string{}; };
  return whole_tree(sections, text);
}

std::string render_json(const Sections& sections, const Origins& origins) {
  boost::json::object all;
  for (const auto& [path, field] : entries(sections)) {
    all[path] = {{"value", shown_json(*field)}, {"origin", origin_of(origins, path)}};
  }
  return indented_json(all);
}

std::string render_example(const Sections& sections, std::string_view schema_location) {
  TreeText text;
  text.field = [](const std::string&, const Field& field, std::size_t level) {
    return comment(meaning(field), level) +
           fmt::format("{:{}}#{}: {}\n", "", 2 * level, field.name, shown_yaml(field));
  };
  text.group = [](const Fields& group, std::size_t level) {
    return fmt::format("\n{}", group.help().empty() ? "" : comment(group.help(), level));
  };
  return fmt::format("# yaml-language-server: $schema={}\n", schema_location) +
         "# Every setting at its default; remove a '#' to change one. ${VAR}, ${VAR:-default},\n"
         "# ${VAR:?message} and ${file:/path} may stand in any value; $$ is a dollar sign.\n\n" +
         whole_tree(sections, text);
}

std::string render_table(const Sections& sections) {
  std::string table = "| Key | Environment | Default | Meaning |\n|---|---|---|---|\n";
  for (const auto& [path, field] : entries(sections)) {
    std::string variables = environment_name(path);
    for (const std::string& name : field->other_variables) variables += "`, `" + name;
    table += fmt::format("| `{}` | `{}` | `{}` | {} |\n", path, variables,
                         in_cell(shown_yaml(*field)), in_cell(meaning(*field)));
  }
  return table;
}

}  // namespace hangar
