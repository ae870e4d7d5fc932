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

char upper(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }

std::string as_stream(std::string_view name) {
  std::string all{name};
  std::ranges::transform(all, all.begin(), upper);
  return all;
}

/// What is a name in the template is that of the project, in the same form.
std::string renamed(std::string text, const std::string& name) {
  const std::array<std::pair<std::string_view, std::string>, 2> names{
      {{"example_service", name}, {"EXAMPLE_SERVICE", as_stream(name)}}};
  for (const auto& [from, to] : names) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

void copy(const fs::path& from, const fs::path& to, const std::string& name) {
  std::ifstream in{from, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) throw Error{fmt::format("{} cannot be read", from.string())};
  std::ofstream out{to, std::ios::binary};
  out << renamed(std::move(text), name);
  if (!out.flush()) throw Error{fmt::format("{} cannot be written", to.string())};
  fs::permissions(
      to, fs::status(from).permissions() & ~(fs::perms::group_write | fs::perms::others_write));
}

}  // namespace

std::string is_project_name(const std::string& text) {
  const auto rest = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (text.empty() || text.size() > 40 || text.front() < 'a' || text.front() > 'z' ||
      !std::ranges::all_of(text, rest)) {
    return in_quotes(text) + " is no name for a service: [a-z][a-z0-9_]*, at most 40 of them";
  }
  // CMake's own targets, and what `find_package` and Hangar's plugins have.
  constexpr std::array<std::string_view, 8> taken{"all",  "clean",   "edit_cache", "hangar",
                                                  "help", "install", "package",    "test"};
  if (std::ranges::count(taken, text) > 0) {
    return in_quotes(text) + " is no name for a service: CMake or Hangar has another use for it";
  }
  return {};
}

int new_service(const std::string& name) {
  const fs::path from = template_folder() / "service";
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
      copy(file.path(), to / renamed(file.path().filename().string(), name), name);
    }
  } catch (...) {
    fs::remove_all(to, failed);
    throw;
  }
  std::cout << fmt::format(
      "made {0}: go there and\n"
      "  cmake -B build && cmake --build build\n"
      "  ctest --test-dir build --output-on-failure\n"
      "  hangar run -c build/hangar.yaml --only {0}\n",
      name);
  return exit_code::done;
}

}  // namespace hangar::cli
