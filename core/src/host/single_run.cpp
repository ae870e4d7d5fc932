#include "host/single_run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <utility>

#include "metrics/service_metrics.hpp"

namespace asio = boost::asio;

namespace hangar {
SingleRun::SingleRun(const Plugin& plugin, std::unique_ptr<ServiceFactory> factory,
                     std::unique_ptr<Log> log)
    : supervisor_{io_.get_executor(), plugin, std::move(factory)} {
  supervisor_.log = std::move(log);
  supervisor_.metrics =
      std::make_unique<ServiceMetrics>(std::make_shared<prometheus::Registry>(), supervisor_.name);
}

int SingleRun::run(ServiceResources resources) {
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
