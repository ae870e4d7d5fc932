#include "service/supervisor.hpp"

#include <boost/asio/multiple_exceptions.hpp>
#include <exception>
#include <stdexcept>
#include <utility>

#include "api/describe.hpp"
#include "hangar/error.hpp"
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

  std::exception_ptr error;
  try {
    ServiceContext context{*this, max_persist_retries};
    const auto service = factory->make(context);
    if (!service) throw Error{"its factory made no service"};
    co_await service->run();
  } catch (...) {
    error = first_of(std::current_exception());
  }
  // A storage that is down while the host stops is not the service's failure.
  if (error && stopping_.is_set() && is_transient(error)) error = nullptr;
  failure_ = error ? describe(error) : std::string{};
  if (source_) co_await source_->close();
  source_.reset();
  started_.clear();
  become(error ? ServiceState::failed : ServiceState::stopped);
  stopped_.set();
  if (error) std::rethrow_exception(error);
}

asio::awaitable<void> Supervisor::stop() {
  if (stopped_.is_set()) co_return;
  if (!stopping_.is_set()) {
    stopping_.set();
    become(ServiceState::stopping);
    if (source_) source_->stop();
  }
  // Not `wait`: somebody may start it again before this coroutine goes on.
  co_await stopped_.next();
}

asio::awaitable<std::shared_ptr<Source>> Supervisor::open_source(const SourceOptions& options) {
  const auto source = resources.make_source(strand, options, *log);
  source_ = source;
  if (stopping_.is_set()) source->stop();
  co_await source->open();
  if (resources.source_opened) resources.source_opened();
  if (!stopping_.is_set()) {
    started_.set();
    become(ServiceState::running);
  }
  co_return source;
}

void Supervisor::pause_source(bool paused) {
  if (source_) source_->pause(paused);
}

void Supervisor::not_ready(std::string why) {
  if (why == failure_) return;
  failure_ = std::move(why);
  if (changed) changed();
}

}  // namespace hangar
