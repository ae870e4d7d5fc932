#include "database_path.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <string>
#include <system_error>

#include "hangar/error.hpp"

namespace hangar::sqlite {
namespace {

/// What a text of libpq's keywords may begin with.
constexpr std::array<std::string_view, 7> keywords{
    "host=", "hostaddr=", "port=", "dbname=", "user=", "service=", "sslmode="};

constexpr std::string_view forms =
    "write a path, sqlite:///relative/path or sqlite:////absolute/path";

/// Whether this is meant as a path: a URL with a slip in it, or libpq's keywords, would put a
/// password into the name of a file.
bool is_meant_as_path(std::string_view text) {
  const bool absolute = text.starts_with('/') && !text.starts_with("//");
  if (absolute || text.starts_with("./") || text.starts_with("../")) return true;
  std::string word;  // in small letters, without blanks
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (std::isspace(byte) == 0) word += static_cast<char>(std::tolower(byte));
  }
  if (word.starts_with("//") && word.find('@') == word.npos) return true;
  for (const std::string_view part : {"@", ":/", "//", "password=", "passwd="}) {
    if (word.find(part) != word.npos) return false;
  }
  return std::ranges::none_of(keywords,
                              [&](std::string_view keyword) { return word.starts_with(keyword); });
}

// URLs of other databases carry passwords, so no message shows more than the scheme.
std::string_view without_scheme(std::string_view url) {
  const auto end = url.find("://");
  const std::string_view scheme = url.substr(0, end);
  const bool has_scheme =
      end != std::string_view::npos && std::ranges::all_of(scheme, [](unsigned char character) {
        return std::isalnum(character) != 0 || character == '+';
      });
  if (!has_scheme && !is_meant_as_path(url)) {
    throw ConfigError{
        "storage.url seems to be a database's URL with a slip in it, or libpq's keywords, and is "
        "not shown: write postgresql://user@host:5432/database; for `host=… user=…` set "
        "storage.type: postgres; a SQLite path with `@`, `:/` or `//` in it begins with /, ./ or "
        "sqlite:///"};
  }
  if (!has_scheme) return url;
  if (scheme != "sqlite" && !scheme.starts_with("sqlite+")) {
    throw ConfigError{"storage.url: the sqlite storage cannot take a " + std::string{scheme} +
                      ":// URL: " + std::string{forms}};
  }
  const std::string_view rest = url.substr(end + 3);
  if (!rest.empty() && !rest.starts_with('/')) {
    throw ConfigError{"storage.url: a SQLite URL names no host: " + std::string{forms}};
  }
  return rest.empty() ? rest : rest.substr(1);
}

}  // namespace

std::filesystem::path database_path(std::string_view url) {
  if (url.empty()) throw ConfigError{"storage.url is empty: " + std::string{forms}};
  const std::string_view path = without_scheme(url);
  if (path.empty() || path == ":memory:") {
    throw ConfigError{
        "storage.url: a database in memory is gone with the process, although its events were "
        "acknowledged: " +
        std::string{forms}};
  }
  if (path.starts_with("file:") || path.find('?') != std::string_view::npos) {
    throw ConfigError{"storage.url: options after the path and file: URIs are not taken: " +
                      std::string{forms}};
  }
  if (path.find('\0') != std::string_view::npos || path.ends_with('/')) {
    throw ConfigError{"storage.url does not name a file: " + std::string{forms}};
  }
  auto file = std::filesystem::absolute(path).lexically_normal();
  std::error_code unknown;
  if (std::filesystem::is_directory(file, unknown)) {
    throw ConfigError{"storage.url: " + file.string() + " is a folder: name a file in it"};
  }
  return file;
}

bool is_there(const std::filesystem::path& file) {
  std::error_code unknown;
  const bool there = std::filesystem::exists(file, unknown);
  if (!unknown) return there;
  throw ConfigError{"storage.url: " + file.string() + ": " + unknown.message() +
                    ": let this user look into its folder, or name another path"};
}

void check_place(const std::filesystem::path& file, Creation creation) {
  namespace fs = std::filesystem;
  std::error_code unknown;
  fs::path folder = file.parent_path();
  while (!fs::exists(folder, unknown) && !unknown) folder = folder.parent_path();
  if (!unknown && !fs::is_directory(folder, unknown)) {
    throw ConfigError{"storage.url: " + folder.string() + " is no folder, so " + file.string() +
                      " cannot be in it"};
  }
  if (is_there(file)) return;
  if (creation == Creation::never) {
    throw ConfigError{"storage.url: " + file.string() +
                      " is not there: let the program that owns the file create it first (for "
                      "Prefect's: `prefect server database upgrade -y`), or set "
                      "storage.create_tables: true"};
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0 && (errno == EACCES || errno == EROFS)) {
    throw ConfigError{"storage.url: this user cannot create " + file.string() + ": let it write " +
                      folder.string() + ", or name another path"};
  }
}

}  // namespace hangar::sqlite
