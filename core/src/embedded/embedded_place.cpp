#include "embedded/embedded_place.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <sstream>
#include <system_error>

#include "embedded/file_descriptor.hpp"
#include "hangar/error.hpp"

namespace hangar {
namespace {

namespace fs = std::filesystem;

// Below the ports that systems give to outgoing connections: one of those may
// take a port of theirs while its server is away, even a client's that tries to
// reach it.
constexpr int lowest_port = 10000;
constexpr int highest_port = 30000;
constexpr int ports_tried = 50;

/// The port if it is free; 0 lets the system choose. Nothing when it is taken.
std::optional<std::uint16_t> free_port(std::uint16_t wanted) {
  const FileDescriptor probe{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!probe) throw_errno("socket");
  // As the server does it: a port whose last connections have just closed is
  // free.
  const int yes = 1;
  setsockopt(probe.value(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(wanted);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT: as the socket API wants it
  socklen_t size = sizeof address;
  if (bind(probe.value(), generic, size) != 0) return std::nullopt;
  if (getsockname(probe.value(), generic, &size) != 0) throw_errno("getsockname");
  return ntohs(address.sin_port);
}

}  // namespace

// Debian installs it in /usr/sbin, which a user's PATH leaves out.
std::string find_server_program(const std::string& name) {
  const auto usable = [](const fs::path& path) {
    std::error_code none;
    return fs::is_regular_file(path, none) && access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) {
    if (usable(name)) return name;
  } else {
    const char* from_environment = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
    std::istringstream folders{std::string{from_environment ? from_environment : ""} +
                               ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin"};
    for (std::string folder; std::getline(folders, folder, ':');) {
      const fs::path path = fs::path{folder} / name;
      if (path.is_absolute() && usable(path)) return path;
    }
  }
  throw ConfigError{
      fmt::format("nats.server_binary: embedded needs the program {}, which is not there: `apt "
                  "install nats-server`, set nats.server_binary to its path, or set nats.url to a "
                  "server that runs",
                  name)};
}

std::uint16_t choose_port(std::uint16_t before) {
  if (before != 0 && free_port(before)) return before;
  std::random_device random;
  std::uniform_int_distribution<int> ports{lowest_port, highest_port};
  for (int tried = 0; tried < ports_tried; ++tried) {
    const auto port = static_cast<std::uint16_t>(ports(random));
    if (free_port(port)) return port;
  }
  const auto any = free_port(0);
  if (!any) throw_errno("no free port");
  return *any;
}

std::string nats_string(std::string_view text) {
  std::string quoted{'"'};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (byte < ' ' || byte == 0x7F) {
      quoted += fmt::format("\\x{:02X}", byte);
    } else {
      quoted += c;
    }
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace hangar
