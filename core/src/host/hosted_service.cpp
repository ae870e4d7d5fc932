#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <stdexcept>
#include <utility>

#include "api/describe.hpp"
#include "hangar/host.hpp"
#include "service/service_context.hpp"
#include "service/wiring.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

/// What the first of several coroutines threw that failed together.
std::exception_ptr first_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const asio::multiple_exceptions& several) {
    return several.first_exception();
  } catch (...) {
    return error;
  }
}

bool is_transient(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const TransientError&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

std::string_view to_string(ServiceState state) noexcept {
  switch (state) {
    case ServiceState::stopped:
      return "stopped";
    case ServiceState::starting:
      return "starting";
    case ServiceState::running:
      return "running";
    case ServiceState::stopping:
      return "stopping";
    case ServiceState::failed:
      return "failed";
  }
  return "unknown";
}

HostedService::Wiring::Wiring(const asio::any_io_executor& executor, const Plugin& plugin,
                              std::unique_ptr<ServiceFactory> service_factory)
    : name{plugin.name},
      version{plugin.version},
      description{plugin.summary},
      factory{std::move(service_factory)},
      strand{asio::make_strand(executor)},
      started{strand},
      stopping{strand},
      stopped{strand} {
  factory->fields(fields);
  stopped.set();
}

void HostedService::Wiring::become(ServiceState next) {
  state = next;
  if (changed) changed();
}

asio::awaitable<void> HostedService::Wiring::run(std::optional<int> max_persist_retries) {
  if (!stopped.is_set()) throw std::logic_error{name + " is started already"};
  stopped.clear();
  stopping.clear();
  failure.clear();
  become(ServiceState::starting);

  std::exception_ptr error;
  try {
    ServiceContext context{*this, max_persist_retries, [this] {
                             started.set();
                             become(ServiceState::running);
                           }};
    const auto service = factory->make(context);
    if (!service) throw Error{"its factory made no service"};
    co_await service->run();
  } catch (...) {
    error = first_of(std::current_exception());
  }
  // A storage that is down while the host stops is not the service's failure.
  if (error && stopping.is_set() && is_transient(error)) error = nullptr;
  failure = error ? describe(error) : std::string{};
  if (source.close) co_await source.close();
  source = {};
  started.clear();
  become(error ? ServiceState::failed : ServiceState::stopped);
  stopped.set();
  if (error) std::rethrow_exception(error);
}

asio::awaitable<void> HostedService::Wiring::stop() {
  if (stopped.is_set()) co_return;
  if (!stopping.is_set()) {
    stopping.set();
    become(ServiceState::stopping);
    if (source.stop) source.stop();
  }
  // Not `wait`: somebody may start it again before this coroutine goes on.
  co_await stopped.next();
}

HostedService::HostedService(std::unique_ptr<Wiring> wiring) : wiring_{std::move(wiring)} {}
HostedService::~HostedService() = default;

const std::string& HostedService::name() const noexcept { return wiring_->name; }
const std::string& HostedService::version() const noexcept { return wiring_->version; }
const std::string& HostedService::description() const noexcept { return wiring_->description; }
bool HostedService::enabled() const { return wiring_->factory->enabled(); }
const Fields& HostedService::service_settings() const noexcept { return wiring_->fields; }
ServiceState HostedService::state() const noexcept { return wiring_->state; }
const std::string& HostedService::failure() const noexcept { return wiring_->failure; }
Event& HostedService::started_event() noexcept { return wiring_->started; }

std::string HostedService::environment_variable_name() const {
  std::string variable = "HANGAR_SERVICES_" + wiring_->name + "_ENABLED";
  for (char& c : variable) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-') c = '_';
  }
  return variable;
}

asio::awaitable<void> HostedService::start(std::optional<int> max_persist_retries) {
  const auto wiring = wiring_;
  co_await asio::co_spawn(wiring->strand, wiring->run(max_persist_retries), asio::use_awaitable);
}

asio::awaitable<void> HostedService::stop() {
  const auto wiring = wiring_;
  co_await asio::co_spawn(wiring->strand, wiring->stop(), asio::use_awaitable);
}

asio::awaitable<void> HostedService::running(std::function<asio::awaitable<void>()> body) {
  using asio::experimental::awaitable_operators::operator&&;
  const auto wiring = wiring_;
  const auto inside = [this, wiring, &body]() -> asio::awaitable<void> {
    co_await asio::co_spawn(wiring->strand, wiring->started.wait(), asio::use_awaitable);
    std::exception_ptr error;
    try {
      co_await body();
    } catch (...) {
      error = std::current_exception();
    }
    co_await stop();
    if (error) std::rethrow_exception(error);
  };
  co_await (start() && inside());
}

}  // namespace hangar
