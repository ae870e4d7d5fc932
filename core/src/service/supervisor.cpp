#include "service/supervisor.hpp"

#include <boost/asio/multiple_exceptions.hpp>
#include <exception>
#include <stdexcept>
#include <utility>

#include "api/describe.hpp"
#include "hangar/error.hpp"
#include "service/needs_check.hpp"
#include "service/service_context.hpp"

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

Supervisor::Supervisor(const asio::any_io_executor& executor, const Plugin& plugin,
                       std::unique_ptr<ServiceFactory> service_factory)
    : name{plugin.name},
      version{plugin.version},
      description{plugin.summary},
      factory{std::move(service_factory)},
      strand{asio::make_strand(executor)},
      started_{strand},
      stopping_{strand},
      stopped_{strand} {
  factory->fields(fields);
  stopped_.set();
}

void Supervisor::become(ServiceState next) {
  state_ = next;
  if (changed) changed();
}

asio::awaitable<void> Supervisor::run(std::optional<int> max_persist_retries) {
  if (!stopped_.is_set()) throw std::logic_error{name + " is started already"};
  stopped_.clear();
  stopping_.clear();
  failure_.clear();
  become(ServiceState::starting);

  ServiceContext context{*this, max_persist_retries};
  context_ = &context;
  std::exception_ptr error;
  try {
    co_await run_in(context);
  } catch (...) {
    error = first_of(std::current_exception());
  }
  // A storage that is down while the host stops is not the service's failure.
  if (error && stopping_.is_set() && is_transient(error)) error = nullptr;
  failure_ = error ? describe(error) : std::string{};
  co_await context.close();
  context_ = nullptr;
  started_.clear();
  become(error ? ServiceState::failed : ServiceState::stopped);
  stopped_.set();
  if (error) std::rethrow_exception(error);
}

asio::awaitable<void> Supervisor::run_in(ServiceContext& context) {
  const Needs needs = factory->needs();
  check_needs(name, needs);
  co_await context.prepare(needs);
  if (stopping_.is_set()) co_return;
  const auto service = factory->make(context);
  if (!service) throw Error{"its factory made no service"};
  started_.set();
  become(ServiceState::running);
  co_await service->run();
}

asio::awaitable<void> Supervisor::stop() {
  if (stopped_.is_set()) co_return;
  if (!stopping_.is_set()) {
    stopping_.set();
    become(ServiceState::stopping);
    if (context_ != nullptr) context_->stop();
  }
  // Not `wait`: somebody may start it again before this coroutine goes on.
  co_await stopped_.next();
}

void Supervisor::not_ready(std::string why) {
  if (why == failure_) return;
  failure_ = std::move(why);
  if (changed) changed();
}

}  // namespace hangar
