#include "cli/new_project.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "api/exit_code.hpp"
#include "config/problems.hpp"
#include "hangar/error.hpp"
#include "plugin/plugin_library.hpp"

namespace hangar::cli {
namespace {

namespace fs = std::filesystem;

/// The templates of the Hangar that runs: beside the folder of its library, or further up.
fs::path template_folder() {
  for (fs::path folder = library_folder(); folder.has_relative_path();
       folder = folder.parent_path()) {
    fs::path found = folder / "share" / "hangar" / "templates";
    if (std::error_code failed; fs::is_directory(found, failed)) return found;
  }
  throw Error{fmt::format("there are no templates beside {}: the package hangar-dev has them",
                          library_folder().string())};
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// What is a name in the template is that of the project, in the same form.
std::string renamed(std::string text, const std::string& example, const std::string& name) {
  const std::array<std::pair<std::string, std::string>, 2> names{
      {{example, name}, {upper(example), upper(name)}}};
  for (const auto& [from, to] : names) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

void copy(const fs::path& from, const fs::path& to, const std::string& example,
          const std::string& name) {
  std::ifstream in{from, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) throw Error{fmt::format("{} cannot be read", from.string())};
  std::ofstream out{to, std::ios::binary};
  out << renamed(std::move(text), example, name);
  if (!out.flush()) throw Error{fmt::format("{} cannot be written", to.string())};
  fs::permissions(
      to, fs::status(from).permissions() & ~(fs::perms::group_write | fs::perms::others_write));
}

/// The commands of its page.
void print_commands(const fs::path& page) {
  std::ifstream in{page};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("$ ")) std::cout << "  " << line.substr(2) << '\n';
  }
}

}  // namespace

std::string is_project_name(const std::string& text) {
  const auto rest = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (text.empty() || text.size() > 40 || text.front() < 'a' || text.front() > 'z' ||
      !std::ranges::all_of(text, rest)) {
    return in_quotes(text) + " is no name for a plugin: [a-z][a-z0-9_]*, at most 40 of them";
  }
  // CMake's own targets, and what `find_package` and Hangar's plugins have.
  constexpr std::array<std::string_view, 8> taken{"all",  "clean",   "edit_cache", "hangar",
                                                  "help", "install", "package",    "test"};
  if (std::ranges::count(taken, text) > 0) {
    return in_quotes(text) + " is no name for a plugin: CMake or Hangar has another use for it";
  }
  return {};
}

int new_project(const std::string& kind, const std::string& name) {
  const fs::path from = template_folder() / kind;
  const std::string example = "example_" + kind;
  const fs::path to = fs::current_path() / name;
  std::error_code failed;
  // Nothing is ever written over: the folder is made by this, or was there.
  if (!fs::create_directory(to, failed)) {
    throw Error{fmt::format(
        "{} {}", to.string(),
        failed ? "cannot be made: " + failed.message() : "is there already; nothing was changed")};
  }
  try {
    for (const fs::directory_entry& file : fs::directory_iterator{from}) {
      const std::string copied = renamed(file.path().filename().string(), example, name);
      copy(file.path(), to / copied, example, name);
    }
  } catch (...) {
    fs::remove_all(to, failed);
    throw;
  }
  std::cout << fmt::format("made {}: go there and\n", name);
  print_commands(to / "README.md");
  return exit_code::done;
}

}  // namespace hangar::cli
