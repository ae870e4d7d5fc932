#include "host/connections.hpp"

#include "jetstream/steered_consumer.hpp"
#include "jetstream/stream_publisher.hpp"
#include "jetstream/stream_watch.hpp"
#include "lease/leases.hpp"
#include "live/live_source.hpp"

namespace hangar {

void let_connect(ServiceResources& resources, const std::string& service, bool ends_by_itself,
                 StatusBoard& board, const std::optional<NatsServer>& server) {
  resources.make_live_source = [=, &board, &server](const auto& on, const LiveOptions& options,
                                                    Log& log) {
    auto source = LiveSource::start(on, server->settings(), options, service, ends_by_itself, log);
    board.add_source(service, options.name, source->counters());
    return source;
  };
  resources.make_rereader = [=, &server](const auto& on, const LiveOptions& options, Log& log) {
    return LiveSource::start(on, server->settings(), options, service, true, log);
  };
  resources.make_publisher = [=, &board, &server](const auto& on, const auto& targets, Log& log) {
    auto publisher = StreamPublisher::start(on, server->settings(), service, targets, log);
    board.add_connection(service, "publisher", publisher->state());
    return publisher;
  };
  resources.make_consumer = [=, &board, &server](const auto& on, const Steers& which, Log& log) {
    auto consumer = SteeredConsumer::start(on, server->settings(), service, which, log);
    board.add_connection(service, "consumer " + which.durable, consumer->state());
    return consumer;
  };
  if (ends_by_itself) return;
  resources.make_watch = [=, &board, &server](const auto& on, const auto& streams, Log& log) {
    auto watch = StreamWatch::start(on, server->settings(), service, streams, log);
    board.add_watch(service, watch->lags());
    return watch;
  };
  resources.make_leases = [=, &board, &server](const auto& on, Log& log, Metrics& metrics) {
    auto leases = Leases::start(on, server->settings(), service, log, metrics);
    board.add_connection(service, "leases", leases->state());
    return leases;
  };
}

}  // namespace hangar
