#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace hangar {

/// What other commands can see of a running host: its services and their states.
struct ServiceStatus {
  std::string state;
  std::string failure;
};
using ServiceStatuses = std::map<std::string, ServiceStatus, std::less<>>;

/// `<data_dir>/run/<pid>.json`, replaced as a whole at each change and removed at the end. Never
/// throws: a host runs also where it may not write.
class StateFile {
 public:
  explicit StateFile(const std::filesystem::path& data_dir);
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;
  ~StateFile();
  /// `admin` is the address of the admin surface; empty when there is none.
  void write(const ServiceStatuses& statuses, std::string_view admin) const noexcept;

  /// The services of every host that lives on this folder; of one that several run, a failure comes
  /// first.
  static ServiceStatuses read(const std::filesystem::path& data_dir);
  /// Their processes, each with the address of its admin surface; empty of one that has none.
  static std::map<int, std::string> admins(const std::filesystem::path& data_dir);

 private:
  std::filesystem::path path_;
};

}  // namespace hangar
