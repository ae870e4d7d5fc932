#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "config/sections.hpp"
#include "hangar/host.hpp"
#include "service/supervisor.hpp"

namespace asio = boost::asio;

namespace hangar {

HostedService::HostedService(std::unique_ptr<Supervisor> supervisor)
    : supervisor_{std::move(supervisor)} {}
HostedService::~HostedService() = default;

const std::string& HostedService::name() const noexcept { return supervisor_->name; }
const std::string& HostedService::version() const noexcept { return supervisor_->version; }
const std::string& HostedService::description() const noexcept { return supervisor_->description; }
bool HostedService::enabled() const { return supervisor_->factory->enabled(); }
Needs HostedService::needs() const { return supervisor_->factory->needs(); }
const Fields& HostedService::service_settings() const noexcept { return supervisor_->fields; }
ServiceState HostedService::state() const noexcept { return supervisor_->state(); }
const std::string& HostedService::failure() const noexcept { return supervisor_->failure(); }
Event& HostedService::started_event() noexcept { return supervisor_->started(); }

std::string HostedService::environment_variable_name() const {
  return environment_name("services." + supervisor_->name + ".enabled");
}

asio::awaitable<void> HostedService::start(std::optional<int> max_persist_retries) {
  const auto supervisor = supervisor_;
  co_await asio::co_spawn(supervisor->strand, supervisor->run(max_persist_retries),
                          asio::use_awaitable);
}

asio::awaitable<void> HostedService::stop() {
  const auto supervisor = supervisor_;
  co_await asio::co_spawn(supervisor->strand, supervisor->stop(), asio::use_awaitable);
}

asio::awaitable<void> HostedService::running(Callable<asio::awaitable<void>()> body) {
  using asio::experimental::awaitable_operators::operator&&;
  const auto supervisor = supervisor_;
  const auto inside = [this, supervisor, &body]() -> asio::awaitable<void> {
    co_await asio::co_spawn(supervisor->strand, supervisor->started().wait(), asio::use_awaitable);
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
