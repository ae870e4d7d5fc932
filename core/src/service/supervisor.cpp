#include "service/supervisor.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
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

bool is_cancelled(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& cancelled) {
    return cancelled.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

/// What the leftmost of several coroutines threw that failed together: Asio keeps nothing else.
std::exception_ptr first_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const asio::multiple_exceptions& several) {
    if (!is_cancelled(several.first_exception())) return several.first_exception();
  } catch (...) {
    return error;
  }
  return std::make_exception_ptr(
      Error{"one of several coroutines that it awaits by `&&` failed, but Asio keeps only what the "
            "leftmost threw, and that one was cancelled: await them by hangar::together"});
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
      stopped_{strand},
      state_changed_{strand},
      context_{std::make_unique<ServiceContext>(*this)} {
  factory->fields(fields);
  stopped_.set();
}

Supervisor::~Supervisor() = default;

void Supervisor::become(ServiceState next) {
  state_ = next;
  state_changed_.wake_all();
  if (changed) changed();
}

asio::awaitable<void> Supervisor::run(std::optional<int> max_persist_retries, Call* call) {
  const bool refused = !stopped_.is_set();
  if (call != nullptr) *call = refused ? Call::refused : Call::runs;
  state_changed_.wake_all();
  if (refused) throw std::logic_error{name + " is started already"};
  stopped_.clear();
  stopping_.clear();
  failure_.clear();
  failed_ = nullptr;
  begun_ = false;
  become(ServiceState::starting);
  context_->begin(max_persist_retries);
  std::exception_ptr error;
  try {
    co_await run_once();
  } catch (...) {
    error = first_of(std::current_exception());
  }
  if (!error) error = failed_;
  // A storage that is down while the host stops is not the service's failure.
  if (error && stopping_.is_set() && is_transient(error)) error = nullptr;
  try {
    co_await context_->close();
  } catch (...) {
    if (!error) error = std::current_exception();
  }
  failure_ = error ? describe(error) : std::string{};
  started_.clear();
  become(error ? ServiceState::failed : ServiceState::stopped);
  stopped_.set();
  if (error) std::rethrow_exception(error);
}

asio::awaitable<bool> Supervisor::begun(const Call& call) {
  while (call == Call::waits) co_await state_changed_.wait();
  if (call == Call::refused) co_return false;
  while (state_ == ServiceState::starting) co_await state_changed_.wait();
  co_return begun_;
}

asio::awaitable<void> Supervisor::run_once() {
  const Needs needs = checked_needs(name, *factory);
  co_await context_->prepare(needs);
  if (stopping_.is_set()) co_return;
  const auto service = factory->make(*context_);
  if (!service) throw Error{"its factory made no service"};
  begun_ = true;
  started_.set();
  become(ServiceState::running);
  if (resources.until_drained && needs.reads.empty() && needs.live.empty()) begin_to_stop();
  co_await service->run();
}

void Supervisor::begin_to_stop() {
  if (stopped_.is_set() || stopping_.is_set()) return;
  stopping_.set();
  become(ServiceState::stopping);
  context_->stop();
}

void Supervisor::fail(std::exception_ptr failure) {
  failed_ = std::move(failure);
  begin_to_stop();
}

asio::awaitable<void> Supervisor::stop() {
  if (stopped_.is_set()) co_return;
  begin_to_stop();
  // Not `wait`: somebody may start it again before this coroutine goes on.
  co_await stopped_.next();
}

void Supervisor::not_ready(std::string why) {
  if (why == failure_) return;
  failure_ = std::move(why);
  if (changed) changed();
}

}  // namespace hangar
