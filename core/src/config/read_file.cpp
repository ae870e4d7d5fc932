#include "config/read_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "config/problems.hpp"
#include "hangar/error.hpp"
#include "text/one_line.hpp"

namespace hangar {
namespace {

constexpr std::size_t longest_secret = 64U << 10U;

[[noreturn]] void fail(const std::filesystem::path& path, int reason) {
  throw ConfigError{fmt::format("cannot read {}: {}", in_quotes(path.native()),
                                std::generic_category().message(reason))};
}

std::string cleaned(const std::filesystem::path& path, std::string (*clean)(std::string)) {
  std::string content = read_file(path, longest_secret);
  try {
    return clean(std::move(content));
  } catch (const ConfigError& error) {
    throw ConfigError{fmt::format("{} {}", in_quotes(path.native()), error.what())};
  }
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  // A pipe could wait for ever, and a second reading of it would find nothing.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw ConfigError{fmt::format("cannot read {}: not a regular file", in_quotes(path.native()))};
  }
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  if (!file) fail(path, errno);
  std::string content(limit + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad()) fail(path, errno);
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > limit) {
    throw ConfigError{fmt::format("{} is longer than the {} KiB that are read",
                                  in_quotes(path.native()), limit >> 10U)};
  }
  return content;
}

std::string read_secret_file(const std::filesystem::path& path) { return cleaned(path, one_line); }

std::string read_secret_lines(const std::filesystem::path& path) {
  return cleaned(path, plain_lines);
}

}  // namespace hangar
