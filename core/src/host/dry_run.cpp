#include "host/dry_run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>

#include "metrics/service_metrics.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

class EndedSource final : public ServiceSource {
 public:
  asio::awaitable<Batch> next(std::size_t, std::chrono::milliseconds) override {
    co_return Batch{};
  }
  asio::awaitable<void> reject(Message, Rejection) override { co_return; }
  asio::awaitable<void> open() override { co_return; }
  void stop() override {}
  void pause(bool) override {}
  asio::awaitable<void> close() override { co_return; }
};

class ListeningStorage final : public Storage {
 public:
  explicit ListeningStorage(ServiceNeeds& needs) : needs_{needs} {}
  void prepare(std::span<const Table* const> tables, Creation) override {
    needs_.tables.assign(tables.begin(), tables.end());
  }
  std::vector<Check> examine(std::span<const Table* const>, Creation) override { return {}; }
  std::unique_ptr<Session> open_session() override {
    throw std::logic_error{"the service writes although it was given no message"};
  }

 private:
  ServiceNeeds& needs_;
};

}  // namespace

DryRun::DryRun(const Plugin& plugin, std::unique_ptr<ServiceFactory> factory,
               std::unique_ptr<Log> log)
    : supervisor_{io_.get_executor(), plugin, std::move(factory)} {
  supervisor_.log = std::move(log);
  supervisor_.metrics =
      std::make_unique<ServiceMetrics>(std::make_shared<prometheus::Registry>(), supervisor_.name);
}

ServiceNeeds DryRun::needs() {
  ServiceNeeds needs;
  ListeningStorage storage{needs};
  ServiceResources resources;
  resources.storage = [&]() -> Storage& { return storage; };
  resources.make_source = [&](const asio::any_io_executor&, const SourceOptions& options, Log&) {
    needs.source = options;
    return std::make_shared<EndedSource>();
  };
  static_cast<void>(run(std::move(resources)));
  return needs;
}

int DryRun::run(ServiceResources resources) {
  supervisor_.resources = std::move(resources);
  io_.restart();
  asio::signal_set signals{io_, SIGINT, SIGTERM};
  int came = 0;
  signals.async_wait([&](boost::system::error_code failed, int signal) {
    if (failed) return;
    came = signal;
    asio::co_spawn(supervisor_.strand, supervisor_.stop(), asio::detached);
    signals.async_wait([](boost::system::error_code cancelled, int again) {
      if (!cancelled) std::_Exit(128 + again);
    });
  });
  std::exception_ptr failure;
  asio::co_spawn(supervisor_.strand, supervisor_.run(std::nullopt), [&](std::exception_ptr error) {
    failure = std::move(error);
    signals.cancel();
  });
  io_.run();
  supervisor_.resources = {};
  if (failure) std::rethrow_exception(failure);
  return came;
}

}  // namespace hangar
