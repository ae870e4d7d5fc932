#include "config/file_layer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>

#include "config/document.hpp"
#include "config/read_file.hpp"
#include "hangar/error.hpp"
#include "text/nearest.hpp"

namespace hangar {
namespace {

std::string_view described(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "";
}

/// Walks one document along the fields.
class FileLayer {
 public:
  FileLayer(const Sections& sections, Candidates& candidates, Problems& problems)
      : sections_{sections}, candidates_{candidates}, problems_{problems} {}

  void read_root(const Node& root) {
    if (!is_map(root, "the configuration")) return;
    for (const Node::Entry& entry : root.entries) {
      if (entry.key.starts_with("x-")) continue;
      if (entry.key == "version") {
        check_version(*entry.value);
      } else if (entry.key == "services") {
        read_services(*entry.value);
      } else {
        read_entry(entry, sections_.host, "", {"services", "version"});
      }
    }
  }

 private:
  bool is_map(const Node& node, std::string_view what) {
    if (node.kind == Node::Kind::map) return true;
    // A group whose members are all commented out.
    if (node.kind != Node::Kind::null) {
      problems_.add(node.place, fmt::format("{}: expected a map of settings, found {}", what,
                                            described(node.kind)));
    }
    return false;
  }

  void check_version(const Node& node) {
    if (node.kind != Node::Kind::scalar || node.scalar != "1") {
      problems_.add(node.place, "version: expected 1, the only version there is");
    }
  }

  void read_services(const Node& node) {
    if (!is_map(node, "services")) return;
    for (const Node::Entry& entry : node.entries) {
      if (const auto found = sections_.services.find(entry.key);
          found != sections_.services.end()) {
        read_map(*entry.value, found->second, "services." + entry.key);
      } else if (!sections_.refused.contains(entry.key)) {
        std::vector<std::string> names;
        for (const auto& [name, fields] : sections_.services) names.push_back(name);
        const std::string found_names =
            names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
        problems_.add(entry.place, fmt::format("no plugin found for {} in services{}; found: {}",
                                               in_quotes(entry.key), did_you_mean(entry.key, names),
                                               found_names));
      }
    }
  }

  void read_map(const Node& node, const Fields& fields, const std::string& path) {
    if (!is_map(node, path)) return;
    for (const Node::Entry& entry : node.entries) read_entry(entry, fields, path, {});
  }

  void read_entry(const Node::Entry& entry, const Fields& fields, const std::string& parent,
                  std::vector<std::string> other_keys) {
    const std::string path = parent.empty() ? entry.key : parent + "." + entry.key;
    if (const auto field = std::ranges::find(fields.fields(), entry.key, &Field::name);
        field != fields.fields().end()) {
      return read_value(*entry.value, *field, path);
    }
    if (const auto group = std::ranges::find(fields.groups(), entry.key, &Fields::name);
        group != fields.groups().end()) {
      return read_map(*entry.value, *group, path);
    }
    std::vector<std::string> known = std::move(other_keys);
    for (const Field& field : fields.fields()) known.push_back(field.name);
    for (const Fields& group : fields.groups()) known.push_back(group.name());
    problems_.add(entry.place, fmt::format("unknown key {}{}{}", in_quotes(entry.key),
                                           parent.empty() ? "" : " in " + parent,
                                           did_you_mean(entry.key, known)));
  }

  void read_value(const Node& node, const Field& field, const std::string& path) {
    Candidate candidate;
    candidate.field = &field;
    candidate.form = Form::file;
    candidate.origin = to_string(node.place);
    if (node.kind == Node::Kind::scalar) {
      candidate.texts.push_back({node.scalar, node.place, node.quoted});
    } else if (node.kind != Node::Kind::sequence || !is_list(field)) {
      return expected(node, field, path);
    }
    for (const auto& item : node.items) {
      if (item->kind != Node::Kind::scalar) return expected(*item, field, path);
      candidate.texts.push_back({item->scalar, item->place, item->quoted});
    }
    candidates_.insert_or_assign(path, std::move(candidate));
  }

  void expected(const Node& node, const Field& field, const std::string& path) {
    problems_.add(node.place, fmt::format("{}: expected {}, found {}", path, expectation(field),
                                          described(node.kind)));
  }

  const Sections& sections_;
  Candidates& candidates_;
  Problems& problems_;
};

std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
       entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    const bool hidden = path.filename().native().starts_with('.');
    if (path.extension() == ".yaml" && !hidden) files.push_back(path);
  }
  if (error) {
    throw ConfigError{
        fmt::format("cannot read the folder {}: {}", in_quotes(folder.native()), error.message())};
  }
  if (files.empty()) {
    throw ConfigError{fmt::format("no *.yaml in the folder {}", in_quotes(folder.native()))};
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

void read_file_layer(const std::filesystem::path& path, const Sections& sections,
                     Candidates& candidates, Problems& problems) {
  try {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
      for (const auto& file : yaml_files(path)) {
        read_file_layer(file, sections, candidates, problems);
      }
      return;
    }
    const std::string text = read_file(path, longest_document);
    if (const auto root = parse_document(text, path.native(), problems)) {
      FileLayer{sections, candidates, problems}.read_root(*root);
    }
  } catch (const ConfigError& error) {
    problems.add(error.what());
  }
}

}  // namespace hangar
