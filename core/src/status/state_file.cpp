#include "status/state_file.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <system_error>

#include "text/json_member.hpp"
#include "text/number.hpp"

namespace json = boost::json;

namespace hangar {
namespace {

std::filesystem::path folder(const std::filesystem::path& data_dir) { return data_dir / "run"; }

std::optional<pid_t> owner(const std::filesystem::path& file) {
  const auto pid = parse_number<pid_t>(file.stem().string());
  return pid.value_or(0) > 0 ? pid : std::nullopt;
}

bool alive(pid_t pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }

void merge(const json::value& file, ServiceStatuses& statuses) {
  for (const auto& [name, status] : object_member(file.as_object(), "services")) {
    ServiceStatus found{std::string{status.at("state").as_string()},
                        std::string{status.at("failure").as_string()}};
    const auto [known, is_new] = statuses.try_emplace(std::string{name}, found);
    if (!is_new && !found.failure.empty()) known->second = std::move(found);
  }
}

}  // namespace

StateFile::StateFile(const std::filesystem::path& data_dir)
    : path_{folder(data_dir) / fmt::format("{}.json", ::getpid())} {
  std::error_code ignored;
  std::filesystem::create_directories(folder(data_dir), ignored);
  for (std::filesystem::directory_iterator entry{folder(data_dir), ignored}, end;
       !ignored && entry != end; entry.increment(ignored)) {
    const auto pid = owner(entry->path());
    std::error_code gone;
    if (pid && !alive(*pid)) std::filesystem::remove(entry->path(), gone);
  }
}

StateFile::~StateFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void StateFile::write(const ServiceStatuses& statuses, std::string_view admin) const noexcept {
  try {
    json::object services;
    for (const auto& [name, status] : statuses) {
      services[name] = {{"state", status.state}, {"failure", status.failure}};
    }
    const auto next = path_.string() + ".next";
    std::ofstream{next} << json::serialize(json::object{{"services", services}, {"admin", admin}})
                        << '\n';
    std::filesystem::rename(next, path_);
  } catch (...) {  // NOLINT(bugprone-empty-catch): only `services ls` knows less.
  }
}

namespace {

/// What each host that lives on this folder tells.
void each_host(const std::filesystem::path& data_dir,
               const std::function<void(pid_t, const json::value&)>& take) {
  std::error_code absent;
  for (std::filesystem::directory_iterator entry{folder(data_dir), absent}, end;
       !absent && entry != end; entry.increment(absent)) {
    const auto pid = owner(entry->path());
    if (!pid || entry->path().extension() != ".json" || !alive(*pid)) continue;
    std::stringstream text;
    text << std::ifstream{entry->path()}.rdbuf();
    boost::system::error_code failed;
    const auto file = json::parse(text.str(), failed);
    if (!failed && file.is_object()) take(*pid, file);
  }
}

}  // namespace

ServiceStatuses StateFile::read(const std::filesystem::path& data_dir) {
  ServiceStatuses statuses;
  each_host(data_dir, [&](pid_t, const json::value& file) { merge(file, statuses); });
  return statuses;
}

std::map<int, std::string> StateFile::admins(const std::filesystem::path& data_dir) {
  std::map<int, std::string> found;
  each_host(data_dir, [&](pid_t pid, const json::value& file) {
    found.emplace(pid, text_member(file.as_object(), "admin"));
  });
  return found;
}

}  // namespace hangar
