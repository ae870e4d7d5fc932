#include "hangar/host.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>

#include "admin/readiness.hpp"
#include "admin/surface.hpp"
#include "api/describe.hpp"
#include "api/exit_code.hpp"
#include "hangar/error.hpp"
#include "host/backlog.hpp"
#include "host/connections.hpp"
#include "host/installation.hpp"
#include "host/listener_maker.hpp"
#include "host/nats_server.hpp"
#include "host/settings_reload.hpp"
#include "host/signals.hpp"
#include "host/systemd.hpp"
#include "host/systemd_notices.hpp"
#include "log/stderr_log.hpp"
#include "metrics/service_metrics.hpp"
#include "service/needs_check.hpp"
#include "service/restart_policy.hpp"
#include "service/supervisor.hpp"
#include "source/pull_source.hpp"
#include "status/state_file.hpp"
#include "status/status_board.hpp"

namespace asio = boost::asio;

namespace hangar {
class Host::Run {
 public:
  explicit Run(HostOptions options) : options_{std::move(options)}, installation_{options_} {
    installation_.load(Installation::Checked::everything);
    *log_threshold_ = log_level(installation_.config().log.level);
    board_.set_storage_type(installation_.config().storage.type);
    log_ = make_log("hangar");
    for (const std::string& warning : installation_.loaded().warnings) log_->warning("{}", warning);
    for (const FoundPlugin& found : installation_.plugins()) {
      if (!found.hidden_by.empty()) {
        log_->info("plugin {} is hidden by {}", found.path.string(), found.hidden_by.string());
      }
      if (!found.refused()) continue;
      log_->error("plugin {} is refused: {}", found.path.filename().string(), found.refusal);
    }
    for (auto& service : installation_.services()) add(service);
    check_only();
    for (const HostedService* service : enabled()) {
      Needs needs = needs_or_none(*service);
      if (ends()) needs.leases.clear();
      board_.add_service(service->name(), service->version(), needs);
    }
  }

  [[nodiscard]] asio::any_io_executor executor() { return io_.get_executor(); }

  std::vector<HostedService*> all() {
    std::vector<HostedService*> found;
    for (const auto& service : services_) found.push_back(service.get());
    return found;
  }

  std::vector<HostedService*> enabled() {
    std::vector<HostedService*> chosen = all();
    std::erase_if(chosen, [&](const HostedService* service) {
      return options_.only.empty()
                 ? !service->enabled()
                 : std::ranges::find(options_.only, service->name()) == options_.only.end();
    });
    return chosen;
  }

  int run();

 private:
  std::unique_ptr<Log> make_log(const std::string& name) const {
    const bool json = installation_.config().log.format == "json";
    return std::make_unique<StderrLog>(name, log_threshold_,
                                       json ? StderrLog::Format::json : StderrLog::Format::text);
  }

  /// Whether what runs ends by itself.
  [[nodiscard]] bool ends() const { return options_.until_drained || options_.replay.has_value(); }
  void add(Installation::Service& service);
  void check_only() const;
  void open_admin();
  asio::awaitable<void> tick();
  void tell_progress();
  void tell_backlog();
  Storage& storage();
  std::shared_ptr<ServiceSource> make_source(const std::string& service,
                                             const asio::any_io_executor& on,
                                             const SourceOptions& options, Log& log);
  asio::awaitable<void> serve(HostedService* service);
  /// How long until it is started again; nothing when it is given up.
  std::optional<std::chrono::milliseconds> after_failure(const std::string& service, int code,
                                                         RestartPolicy& policy);
  void reload();
  void drain();
  void state_changed();

  HostOptions options_;
  Installation installation_;
  std::shared_ptr<LogThreshold> log_threshold_ = std::make_shared<LogThreshold>(LogLevel::info);
  std::unique_ptr<Log> log_;
  asio::io_context io_{1};
  asio::steady_timer tick_timer_{io_};
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  StatusBoard board_{StatusBoard::Clock::now()};
  Backlog backlog_;
  std::optional<Signals> signals_;
  std::optional<AdminSurface> admin_;
  std::optional<NatsServer> nats_server_;
  std::unique_ptr<Storage> storage_;
  std::optional<StateFile> state_file_;
  std::vector<std::unique_ptr<HostedService>> services_;
  std::vector<std::shared_ptr<const SourceCounters>> replays_;
  std::size_t running_ = 0;
  bool told_ready_ = false;
  Event draining_{executor()};
  int exit_code_ = 0;
};

void Host::Run::add(Installation::Service& service) {
  auto supervisor =
      std::make_unique<Supervisor>(executor(), *service.plugin, std::move(service.factory));
  const std::string name = supervisor->name;
  supervisor->log = make_log(name);
  supervisor->metrics = std::make_unique<ServiceMetrics>(registry_, name);
  ServiceResources& resources = supervisor->resources;
  resources.make_source = [this, name](const auto& on, const auto& options, Log& log) {
    return make_source(name, on, options, log);
  };
  let_connect(resources, name, ends(), board_, nats_server_);
  resources.make_listener = listener_maker(board_, name, ends());
  resources.storage_outcome = [this](const StorageOutcome& outcome) { board_.record(outcome); };
  resources.storage = [this]() -> Storage& { return storage(); };
  resources.creation = installation_.creation();
  resources.waits_for_storage = !options_.replay;
  resources.until_drained = ends();
  supervisor->changed = [this] { state_changed(); };
  services_.push_back(std::make_unique<HostedService>(std::move(supervisor)));
}

void Host::Run::check_only() const {
  for (const std::string& name : options_.only) {
    const auto same = [&](const auto& service) { return service->name() == name; };
    if (std::ranges::none_of(services_, same)) {
      throw ConfigError{fmt::format("there is no service '{}'; see `hangar services ls`", name)};
    }
  }
}

void Host::Run::open_admin() {
  const std::string& listen = installation_.config().admin.listen;
  // Beside a replay the host that records may run on this machine.
  if (listen.empty() || options_.replay) return;
  admin_.emplace(listen, board_, *registry_);
  log_->info("admin surface on http://{}/", admin_->address());
}

asio::awaitable<void> Host::Run::tick() {
  SystemdNotices notices{systemd::watchdog()};
  boost::system::error_code cancelled;
  while (running_ > 0 && !cancelled) {
    const auto now = StatusBoard::Clock::now();
    board_.tick(now);
    const Snapshot seen = board_.snapshot(now);
    systemd::tell(notices.look(seen, running_, now));
    if (admin_) admin_->look(seen, now);
    tell_progress();
    tell_backlog();
    tick_timer_.expires_after(notices.period());
    co_await tick_timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

// Called once more when the services have ended.
void Host::Run::tell_progress() {
  if (!options_.replay) return;
  ReplayProgress now{.complete = running_ == 0 && exit_code_ == 0 && !replays_.empty()};
  for (const auto& counters : replays_) {
    now.total += counters->to_replay.value();
    now.applied += counters->acked.value();
    now.dead_lettered += counters->rejected.value();
    now.complete = now.complete && counters->drained.value() != 0;
  }
  if (running_ == 0 && !now.complete && exit_code_ == 0) exit_code_ = exit_code::failed;
  if (options_.replay->progress) options_.replay->progress(now);
}

// Called once more when the services have ended.
void Host::Run::tell_backlog() {
  if (options_.replay) return;
  const auto now = StatusBoard::Clock::now();
  const Snapshot seen = board_.snapshot(now);
  const auto lines = running_ == 0 ? backlog_.totals(seen, now) : backlog_.look(seen, now);
  for (const std::string& line : lines) log_->info("{}", line);
}

Storage& Host::Run::storage() {
  if (!storage_) storage_ = installation_.make_storage();
  return *storage_;
}

std::shared_ptr<ServiceSource> Host::Run::make_source(const std::string& service,
                                                      const asio::any_io_executor& on,
                                                      const SourceOptions& options, Log& log) {
  PullOptions pull{.source = options, .service = service, .until_drained = options_.until_drained};
  if (options_.replay) {
    pull.replay = StreamStart{options_.replay->since, options_.replay->sequence};
  }
  auto source = PullSource::start(on, nats_server_->settings(), std::move(pull), log);
  board_.add_source(service, options.name, source->counters());
  if (options_.replay) replays_.push_back(source->counters());
  return source;
}

void Host::Run::state_changed() {
  ServiceStatuses statuses;
  bool all_running = true;
  for (HostedService* service : enabled()) {
    statuses[service->name()] = {std::string{to_string(service->state())}, service->failure()};
    board_.set_state(service->name(), service->state(), service->failure());
    all_running = all_running && service->state() == ServiceState::running;
  }
  if (state_file_) state_file_->write(statuses, admin_ ? admin_->address() : "");
  if (all_running && !told_ready_ && !statuses.empty()) {
    told_ready_ = true;
    std::vector<std::string_view> names;
    for (const auto& [name, status] : statuses) names.push_back(name);
    log_->info("ready: hangar {} runs {} on {} with {}", version, fmt::join(names, ", "),
               fmt::join(nats_server_->shown_urls(), ", "), installation_.config().storage.type);
  }
}

asio::awaitable<void> Host::Run::serve(HostedService* service) {
  RestartPolicy policy{static_cast<std::size_t>(installation_.config().max_restarts)};
  int code = exit_code::done;
  // A signal may have come before anything was started.
  while (!draining_.is_set()) {
    std::exception_ptr error;
    try {
      co_await service->start();
    } catch (...) {
      error = std::current_exception();
    }
    code = error ? exit_code::of(error) : exit_code::done;
    if (!error) {
      log_->info("{} has ended", service->name());
      break;
    }
    log_->error("{} failed: {}", service->name(), describe(error));
    const auto wait = after_failure(service->name(), code, policy);
    if (!wait || co_await draining_.wait_for(*wait)) break;
    board_.count_restart(service->name());
  }
  if (exit_code_ == exit_code::done || code == exit_code::configuration) exit_code_ = code;
  if (--running_ == 0) tick_timer_.cancel();
}

std::optional<std::chrono::milliseconds> Host::Run::after_failure(const std::string& service,
                                                                  int code, RestartPolicy& policy) {
  // A person must act, or waits for the end of a run that ends by itself: the others go on. What is
  // found wrong later may be mended meanwhile.
  const bool wrong = code == exit_code::configuration && policy.failures() == 0;
  if (wrong || options_.until_drained || options_.replay || draining_.is_set()) return std::nullopt;
  const auto wait = policy.after_failure(RestartPolicy::Clock::now());
  if (wait) {
    log_->info("{} is started again in {} s", service,
               std::chrono::duration<double>{*wait}.count());
  } else {
    log_->error("{} was started again {} times (max_restarts) within {} min and failed once more",
                service, installation_.config().max_restarts, RestartPolicy::window.count());
    exit_code_ = exit_code::failed;
    signals_->begin();
  }
  return wait;
}

void Host::Run::reload() {
  // Before it is ready for the first time systemd would take the end of this for that.
  std::optional<systemd::Reloading> told;
  if (Readiness{board_.snapshot(StatusBoard::Clock::now())}.ready()) told.emplace();
  reload_settings(options_, installation_, *log_threshold_, *log_);
}

void Host::Run::drain() {
  draining_.set();
  board_.set_draining();
  for (HostedService* service : enabled()) {
    asio::co_spawn(io_, service->stop(), asio::detached);
  }
}

int Host::Run::run() {
  if (signals_ || io_.stopped()) throw std::logic_error{"run_services is called a second time"};
  const auto services = enabled();
  if (services.empty()) {
    throw ConfigError{
        "no service is enabled: set services.<name>.enabled or pass --only; see "
        "`hangar services ls` for them and for plugins that were refused"};
  }
  // Before anything that takes time, so that no signal is lost.
  const auto drain_timeout = installation_.config().drain_timeout;
  const auto begin_to_drain = [this, drain_timeout] {
    systemd::tell_stopping(drain_timeout);
    asio::post(io_, [this] { drain(); });
  };
  signals_.emplace(*log_, drain_timeout, begin_to_drain, [this] { reload(); });
  static_cast<void>(installation_.storage_plugin());
  if (const auto folder = installation_.known_data_dir()) state_file_.emplace(*folder);
  // Before what takes time, so that a probe is answered while the host starts.
  open_admin();
  nats_server_.emplace(installation_, *log_);
  board_.set_nats_urls(nats_server_->shown_urls());
  running_ = services.size();
  for (HostedService* service : services) asio::co_spawn(io_, serve(service), asio::detached);
  asio::co_spawn(io_, tick(), asio::detached);
  io_.run();
  tell_progress();
  tell_backlog();
  admin_.reset();
  storage_.reset();
  nats_server_.reset();
  state_file_.reset();
  signals_.reset();
  return exit_code_;
}

Host::Host(HostOptions options) : run_{std::make_unique<Run>(std::move(options))} {}
Host::~Host() = default;
asio::any_io_executor Host::executor() { return run_->executor(); }
std::vector<HostedService*> Host::all_services() { return run_->all(); }
std::vector<HostedService*> Host::enabled_services() { return run_->enabled(); }
int Host::run_services() { return run_->run(); }

}  // namespace hangar
