#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/callable.hpp"
#include "hangar/config.hpp"
#include "hangar/event.hpp"
#include "hangar/needs.hpp"
#include "hangar/version.hpp"

/// The host as a library: find the plugins, choose the services, run them.
namespace hangar {

enum class ServiceState { stopped, starting, running, stopping, failed };
std::string_view to_string(ServiceState state) noexcept;

class Supervisor;

/// One service that was found. Every member but the coroutines is for the thread that runs the
/// host's executor; the coroutines may be awaited anywhere.
class HANGAR_API HostedService {
 public:
  explicit HostedService(std::unique_ptr<Supervisor> supervisor);
  HostedService(const HostedService&) = delete;
  HostedService& operator=(const HostedService&) = delete;
  ~HostedService();

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] const std::string& version() const noexcept;
  [[nodiscard]] const std::string& description() const noexcept;
  /// The variable that switches it on and off, for example
  /// `HANGAR_SERVICES_TASK_RUN_RECORDER_ENABLED`.
  [[nodiscard]] std::string environment_variable_name() const;
  [[nodiscard]] bool enabled() const;
  /// What it declares, by its settings.
  [[nodiscard]] Needs needs() const;
  /// Its settings as configured.
  [[nodiscard]] const Fields& service_settings() const noexcept;

  [[nodiscard]] ServiceState state() const noexcept;
  /// Why it failed, or what keeps it from its work while it runs; else empty.
  [[nodiscard]] const std::string& failure() const noexcept;
  /// Set from the moment the service pulls messages until it has stopped.
  [[nodiscard]] Event& started_event() noexcept;

  /// Runs the service until it ends by itself or `stop` is called, and throws what it throws.
  /// Throws std::logic_error when it runs already. To cancel this coroutine is to call `stop`.
  /// `max_persist_retries` overrides the setting of that name.
  boost::asio::awaitable<void> start(std::optional<int> max_persist_retries = std::nullopt);
  /// Asks the service to end and returns when it has. Harmless before `start` and any number of
  /// times.
  boost::asio::awaitable<void> stop();
  /// The scope of a running service: starts it, waits until it is started, runs `body`, stops it,
  /// and throws what either threw. Throws std::logic_error when it runs already, or without a body.
  boost::asio::awaitable<void> running(Callable<boost::asio::awaitable<void>()> body);

 private:
  std::shared_ptr<Supervisor> supervisor_;
};

/// How far services have got with re-applying what their streams hold.
struct ReplayProgress {
  std::uint64_t total = 0;  ///< Events to re-apply; 0 until that is known.
  std::uint64_t applied = 0;
  std::uint64_t dead_lettered = 0;
  bool complete = false;
};

/// Re-apply retained events instead of recording new ones: from one of the two on, up to what the
/// streams hold at the start. The services' own consumers stay where they are.
struct ReplayOptions {
  std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> since{};
  std::uint64_t sequence = 1;  ///< Position in the stream; without `since` only.
  /// Called about twice a second, and at the end; may be empty.
  std::function<void(const ReplayProgress&)> progress{};
};

struct HostOptions {
  std::vector<std::filesystem::path> config_files;
  std::vector<std::string> sets;  ///< `a.b=value`, which wins over files and environment.
  std::map<std::string, std::string> environment;
  std::vector<std::string> only;  ///< Names of services to run instead of the enabled ones.
  bool until_drained = false;     ///< End when what was in the streams at the start is settled.
  std::optional<ReplayOptions> replay;
};

/// Owns everything that runs in one process.
class HANGAR_API Host {
 public:
  /// Finds the plugins and loads the configuration. Throws ConfigError with every error at once.
  explicit Host(HostOptions options);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  [[nodiscard]] boost::asio::any_io_executor executor();
  /// Every service that was found, in order of name.
  [[nodiscard]] std::vector<HostedService*> all_services();
  /// Those that configuration enables, or that `only` names.
  [[nodiscard]] std::vector<HostedService*> enabled_services();

  /// Runs the enabled services until all have ended, or until SIGTERM or SIGINT and then for at
  /// most `drain_timeout`. A service that fails leaves the others running and is started again,
  /// unless its configuration is wrong; after more than `max_restarts` within ten minutes all are
  /// drained. Returns the exit code of the process: 0, 1 when a service failed and did not run
  /// again, 75 when draining timed out, 78 when a service found its configuration to be wrong. A
  /// second signal ends the process with 128 + its number. Throws std::logic_error the second time.
  int run_services();

 private:
  class Run;
  std::unique_ptr<Run> run_;
};

}  // namespace hangar
