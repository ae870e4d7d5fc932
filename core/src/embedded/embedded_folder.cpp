#include "embedded/embedded_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <sstream>
#include <system_error>
#include <utility>

#include "hangar/error.hpp"
#include "plugin/file_permissions.hpp"

namespace hangar {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t longest_log = 16U << 20U;
constexpr std::uint64_t longest_read = 1U << 20U;
// More than a message of 8 MB and what is written around it.
constexpr off_t room_needed = 16 << 20;
constexpr std::size_t token_bytes = 32;

[[noreturn]] void fail(const fs::path& path, int error) {
  throw ConfigError{fmt::format("data_dir: cannot write {}: {}", path.string(),
                                std::generic_category().message(error))};
}

void write_all(const FileDescriptor& file, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t count = ::write(file.value(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string read_all(const FileDescriptor& file, std::uint64_t from, std::uint64_t most) {
  std::string text;
  std::array<char, 4096> part{};
  while (text.size() < most) {
    const ssize_t count =
        ::pread(file.value(), part.data(), part.size(), static_cast<off_t>(from + text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

EmbeddedFolder::EmbeddedFolder(fs::path path) : path_{std::move(path)} {
  auto reason = refuse_shared_folder(path_);
  std::error_code failed;
  if (!reason) {
    fs::create_directories(path_, failed);
    if (!failed) fs::permissions(path_, fs::perms::owner_all, failed);
    if (failed) {
      throw ConfigError{
          fmt::format("data_dir: cannot make the folder {}: {}", path_.string(), failed.message())};
    }
    const fs::path store = path_ / "jetstream";
    reason = fs::is_symlink(store, failed) ? fmt::format("{} is a link", store.string())
                                           : refuse_shared_folder(path_);
  }
  if (reason) {
    throw ConfigError{
        fmt::format("data_dir: {}; Hangar keeps its store in a "
                    "folder that nobody else can change",
                    *reason)};
  }
}

// A link is no file of this user's.
FileDescriptor EmbeddedFolder::open(const std::string& name, int flags) const {
  return FileDescriptor{
      ::open((path_ / name).c_str(), flags | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)};
}

bool EmbeddedFolder::take_lock() {
  if (locked_) return true;
  if (!lock_) lock_ = open("lock", O_RDWR | O_CREAT);
  if (!lock_) fail(path_ / "lock", errno);
  if (::flock(lock_.value(), LOCK_EX | LOCK_NB) != 0) return false;
  locked_ = true;
  tell(0);
  return true;
}

void EmbeddedFolder::tell(std::uint16_t port) {
  const std::string text = fmt::format("{} {}\n", ::getpid(), port);
  if (::ftruncate(lock_.value(), 0) != 0 ||
      ::pwrite(lock_.value(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    fail(path_ / "lock", errno);
  }
}

std::optional<std::uint16_t> EmbeddedFolder::told() const {
  std::istringstream words{read_all(lock_, 0, 64)};
  long process = 0;
  std::uint16_t port = 0;
  if (!(words >> process >> port) || port == 0) return std::nullopt;
  return port;
}

std::string EmbeddedFolder::holder() const {
  std::istringstream words{read_all(lock_, 0, 64)};
  std::string process;
  words >> process;
  return process;
}

Secret EmbeddedFolder::token() const {
  const FileDescriptor file = open("token", O_RDONLY);
  struct stat status {};
  if (!file || ::fstat(file.value(), &status) != 0) return {};
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid()) return {};
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return {};
  std::string text = read_all(file, 0, 4096);
  if (text.ends_with('\n')) text.pop_back();
  const bool ours = text.size() == 2 * token_bytes &&
                    text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return ours ? Secret{std::move(text)} : Secret{};
}

Secret EmbeddedFolder::make_token() {
  std::array<unsigned char, token_bytes> random{};
  if (::getentropy(random.data(), random.size()) != 0) {
    throw std::system_error{errno, std::generic_category(), "getentropy"};
  }
  std::string text;
  for (const unsigned char byte : random) text += fmt::format("{:02x}", byte);
  write("token", text + '\n');
  return Secret{std::move(text)};
}

std::uint16_t EmbeddedFolder::last_port() const {
  const FileDescriptor file = open("port", O_RDONLY);
  if (!file) return 0;
  std::istringstream words{read_all(file, 0, 64)};
  std::uint16_t port = 0;
  return words >> port ? port : 0;
}

void EmbeddedFolder::write(const std::string& name, std::string_view text) {
  const fs::path next = path_ / (name + ".next");
  const FileDescriptor file = open(name + ".next", O_WRONLY | O_CREAT | O_TRUNC);
  if (!file || ::fchmod(file.value(), S_IRUSR | S_IWUSR) != 0) fail(next, errno);
  write_all(file, text, next);
  std::error_code failed;
  fs::rename(next, path_ / name, failed);
  if (failed) fail(path_ / name, failed.value());
}

FileDescriptor EmbeddedFolder::open_log() {
  const bool anew = log_size() > longest_log;
  FileDescriptor log =
      open("nats-server.log", O_WRONLY | O_CREAT | O_APPEND | (anew ? O_TRUNC : 0));
  if (!log) fail(path_ / "nats-server.log", errno);
  return log;
}

std::uint64_t EmbeddedFolder::log_size() const {
  std::error_code failed;
  const auto size = fs::file_size(path_ / "nats-server.log", failed);
  return failed ? 0 : size;
}

std::string EmbeddedFolder::read_log(std::uint64_t& from) const {
  const FileDescriptor log = open("nats-server.log", O_RDONLY);
  std::string text = log ? read_all(log, from, longest_read) : std::string{};
  from += text.size();
  return text;
}

std::optional<std::string> EmbeddedFolder::refuses_writes() const {
  const FileDescriptor file = open("room", O_RDWR | O_CREAT | O_TRUNC);
  const int failed = file ? ::posix_fallocate(file.value(), 0, room_needed) : errno;
  std::error_code none;
  fs::remove(path_ / "room", none);
  if (failed == 0) return std::nullopt;
  return fmt::format("no {} MiB can be written in {}: {}", room_needed >> 20, path_.string(),
                     std::generic_category().message(failed));
}

}  // namespace hangar
