#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>

#include "config/sections.hpp"
#include "hangar/host.hpp"
#include "service/supervisor.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

constexpr auto none = asio::cancellation_type::none;

// Whoever cancels this waits all the same: Asio 1.81 does not keep what it cancels on another
// executor alive until that happens.
template <class T>
asio::awaitable<T> on_strand(const Supervisor& supervisor, asio::awaitable<T> body) {
  return asio::co_spawn(
      supervisor.strand, std::move(body),
      asio::bind_cancellation_slot(asio::cancellation_slot{}, asio::use_awaitable));
}

// Whoever cancels this wants the service to end, which takes its time: nothing of it is lost.
asio::awaitable<void> run_to_end(std::shared_ptr<Supervisor> supervisor,
                                 asio::awaitable<void> run) {
  if ((co_await asio::this_coro::cancellation_state).cancelled() != none) co_return;
  const auto stop = [supervisor](asio::cancellation_type) {
    asio::post(supervisor->strand, [supervisor] { supervisor->begin_to_stop(); });
    return none;
  };
  co_await asio::this_coro::reset_cancellation_state(stop, asio::disable_cancellation());
  co_await on_strand(*supervisor, std::move(run));
}

}  // namespace

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
  const auto here = co_await asio::this_coro::executor;
  co_await asio::co_spawn(here, run_to_end(supervisor, supervisor->run(max_persist_retries)),
                          asio::use_awaitable);
}

asio::awaitable<void> HostedService::stop() {
  const auto supervisor = supervisor_;
  co_await on_strand(*supervisor, supervisor->stop());
}

asio::awaitable<void> HostedService::running(Callable<asio::awaitable<void>()> body) {
  using asio::experimental::awaitable_operators::operator&&;
  if (!body) throw std::logic_error{name() + " is to run around nothing"};
  const auto supervisor = supervisor_;
  // Of this call: the body is not to run within what somebody else has started, nor to stop it.
  auto call = Supervisor::Call::waits;
  bool cancelled = false;
  const auto inside = [&]() -> asio::awaitable<void> {
    if ((co_await asio::this_coro::cancellation_state).cancelled() != none) co_return;
    const auto note = [&](asio::cancellation_type) {
      cancelled = true;
      return none;
    };
    co_await asio::this_coro::reset_cancellation_state(note, asio::disable_cancellation());
    const bool runs = co_await on_strand(*supervisor, supervisor->begun(call));
    co_await asio::this_coro::reset_cancellation_state();
    if (!runs) co_return;
    std::exception_ptr error;
    try {
      if (!cancelled) co_await body();
    } catch (...) {
      error = std::current_exception();
    }
    co_await stop();
    if (error) std::rethrow_exception(error);
  };
  co_await (run_to_end(supervisor, supervisor->run(std::nullopt, &call)) && inside());
}

}  // namespace hangar
