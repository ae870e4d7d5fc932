#include "service/service_context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

#include "async/wait_for_all.hpp"

namespace asio = boost::asio;

namespace hangar {

void ServiceContext::begin(std::optional<int> max_persist_retries) {
  max_persist_retries_ = max_persist_retries;
  running_ = true;
}

asio::awaitable<void> ServiceContext::prepare(const Needs& needs) {
  if (!needs.tables.empty()) co_await prepare_storage(needs);
  if (!needs.publishes.empty() && !stopping()) {
    publisher_ =
        supervisor_.resources.make_publisher(supervisor_.strand, needs.publishes, *supervisor_.log);
    co_await publisher_->open();
  }
  for (const ListensOn& wanted : needs.listens) {
    if (stopping()) co_return;
    listeners_[wanted.name] = supervisor_.resources.make_listener(
        supervisor_.strand, wanted, *supervisor_.log, *supervisor_.metrics);
  }
  for (SourceOptions options : needs.reads) {
    if (stopping()) co_return;
    options.lanes = std::max<std::size_t>(lanes_, 1);
    co_await open(options.name,
                  supervisor_.resources.make_source(supervisor_.strand, options, *supervisor_.log));
    if (supervisor_.resources.source_opened) supervisor_.resources.source_opened();
  }
  live_ = needs.live;
  for (const LiveOptions& options : needs.live) {
    if (stopping()) co_return;
    co_await open(options.name, supervisor_.resources.make_live_source(supervisor_.strand, options,
                                                                       *supervisor_.log));
  }
  for (const Steers& steered : needs.steers) {
    if (stopping()) co_return;
    consumers_[steered.durable] =
        supervisor_.resources.make_consumer(supervisor_.strand, steered, *supervisor_.log);
  }
  lease_names_ = needs.leases;
  if (!needs.leases.empty() && supervisor_.resources.make_leases && !stopping()) {
    leases_ = supervisor_.resources.make_leases(supervisor_.strand, *supervisor_.log,
                                                *supervisor_.metrics);
    co_await leases_->open();
  }
  if (!needs.watches.empty() && supervisor_.resources.make_watch && !stopping()) {
    watch_ = supervisor_.resources.make_watch(supervisor_.strand, needs.watches, *supervisor_.log);
  }
}

asio::awaitable<void> ServiceContext::open(std::string name,
                                           std::shared_ptr<ServiceSource> source) {
  sources_[std::move(name)] = source;
  co_await source->open();
}

asio::awaitable<void> ServiceContext::prepare_storage(const Needs& needs) {
  Storage& storage = supervisor_.resources.storage();
  const std::size_t sessions =
      std::min(needs.lanes + needs.background_lanes, storage.concurrent_sessions());
  // One object for the pool and for what is spawned: its last owner is not the thread of a session.
  const asio::any_io_executor executor = supervisor_.strand;
  sessions_ = std::make_shared<SessionPool>(
      executor, storage, *supervisor_.log, supervisor_.stopping(), sessions,
      [this](const StorageOutcome& outcome) { heard(outcome); });
  lanes_ = std::min(needs.lanes, sessions);
  background_lanes_ = needs.background_lanes;
  const bool waits = supervisor_.resources.waits_for_storage;
  tables_can_wait_ = needs.tables_can_wait && waits;
  auto ready = sessions_->prepare(needs.tables, supervisor_.resources.creation, waits);
  if (!tables_can_wait_) co_return co_await std::move(ready);
  asio::co_spawn(executor, std::move(ready),
                 [this, sessions = sessions_](std::exception_ptr failure) {
                   // That of an earlier run is nobody's any more.
                   if (failure && sessions_ == sessions) supervisor_.fail(std::move(failure));
                 });
}

void ServiceContext::stop() {
  if (publisher_) publisher_->stop();
  if (leases_) leases_->stop();
  for (const auto& [name, listener] : listeners_) listener->stop();
  for (const auto& [name, source] : sources_) source->stop();
  for (const auto& source : rereaders_) source->stop();
}

// At the same time: where NATS is away, each takes as long as an attempt to connect.
asio::awaitable<void> ServiceContext::close() {
  running_ = false;
  stop();
  std::vector<asio::awaitable<void>> all;
  // First, for what is answered last may need the others.
  for (const auto& [name, listener] : listeners_) all.push_back(listener->close());
  co_await wait_for_all(supervisor_.strand, std::exchange(all, {}));
  for (const auto& [name, consumer] : consumers_) all.push_back(consumer->close());
  for (const auto& [name, source] : sources_) all.push_back(source->close());
  for (const auto& source : rereaders_) all.push_back(source->close());
  if (leases_) all.push_back(leases_->close());
  if (watch_) all.push_back(watch_->close());
  if (publisher_) all.push_back(publisher_->close());
  co_await wait_for_all(supervisor_.strand, std::move(all));
  if (sessions_) sessions_->close();
  sessions_.reset();
  lanes_ = 0;
  background_lanes_ = 0;
  tables_can_wait_ = false;
  outages_ = 0;
  listeners_.clear();
  consumers_.clear();
  sources_.clear();
  rereaders_.clear();
  leases_.reset();
  watch_.reset();
  publisher_.reset();
}

asio::awaitable<void> ServiceContext::stopped() {
  check("stopped");
  co_await supervisor_.stopping().wait();
}

asio::awaitable<bool> ServiceContext::stopped_within(std::chrono::milliseconds most) {
  check("stopped_within");
  co_return co_await supervisor_.stopping().wait_for(most);
}

void ServiceContext::not_ready(std::string why) {
  check("not_ready");
  supervisor_.not_ready(std::move(why));
}

Source& ServiceContext::source(std::string_view name) {
  check("source");
  const auto found = sources_.find(name);
  if (found != sources_.end()) return *found->second;
  throw std::logic_error{
      fmt::format("{} asks for the source '{}', which its needs do not name", service(), name)};
}

asio::awaitable<bool> ServiceContext::reread(
    std::string live, std::uint64_t from, Callable<asio::awaitable<bool>(const Message&)> visit) {
  check("reread");
  if (!visit) throw std::logic_error{fmt::format("{} rereads for nobody", service())};
  if (from == 0) throw std::logic_error{fmt::format("{} rereads from position 0", service())};
  const auto found = std::ranges::find(live_, live, &LiveOptions::name);
  if (found == live_.end()) {
    throw std::logic_error{
        fmt::format("{} rereads '{}', which is no live source of its needs", service(), live)};
  }
  if (stopping()) co_return false;
  LiveOptions options = *found;
  options.from_sequence = from;
  const auto source = supervisor_.resources.make_rereader(supervisor_.strand, options, log());
  rereaders_.push_back(source);
  bool whole = false;
  std::exception_ptr failure;
  try {
    whole = co_await visit_all(*source, visit);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await source->close();
  std::erase(rereaders_, source);
  if (failure) std::rethrow_exception(failure);
  co_return whole;
}

asio::awaitable<bool> ServiceContext::visit_all(
    ServiceSource& source, const Callable<asio::awaitable<bool>(const Message&)>& visit) {
  constexpr std::size_t at_once = 256;
  co_await source.open();
  while (true) {
    // What else waits for the strand has its turn.
    co_await asio::post(supervisor_.strand, asio::use_awaitable);
    Batch batch = co_await source.next(at_once, {});
    if (batch.empty()) co_return !stopping();
    for (Message& message : batch) {
      const bool on = co_await visit(message);
      if (!on) co_return false;
      message.ack();
    }
  }
}

Publisher& ServiceContext::publisher() {
  check("publisher");
  if (publisher_) return *publisher_;
  throw std::logic_error{
      fmt::format("{} asks for a publisher, but its needs name no stream for it", service())};
}

Consumer& ServiceContext::consumer(std::string_view durable) {
  check("consumer");
  const auto found = consumers_.find(durable);
  if (found != consumers_.end()) return *found->second;
  throw std::logic_error{fmt::format("{} asks for the consumer '{}', which its needs do not steer",
                                     service(), durable)};
}

asio::awaitable<void> ServiceContext::every(std::string lease, std::chrono::milliseconds period,
                                            Callable<asio::awaitable<void>(const Lease&)> work) {
  check("every");
  if (!work) throw std::logic_error{fmt::format("{} has no work for `every`", service())};
  if (period < std::chrono::milliseconds{1}) {
    throw std::logic_error{fmt::format("{} has a period below 1 ms for `every`", service())};
  }
  if (std::ranges::find(lease_names_, lease) == lease_names_.end()) {
    throw std::logic_error{
        fmt::format("{} asks for the lease '{}', which its needs do not name", service(), lease)};
  }
  if (leases_) {
    co_await leases_->every(std::move(lease), period, std::move(work));
  } else {
    log().info("the work of the lease '{}' is not done in a run that ends by itself", lease);
  }
}

Listener& ServiceContext::listener(std::string_view name) {
  check("listener");
  const auto found = listeners_.find(name);
  if (found != listeners_.end()) return *found->second;
  throw std::logic_error{
      fmt::format("{} asks for the listener '{}', which its needs do not name", service(), name)};
}

// One failure may be a lane's own, and is over when the next attempt succeeds. Those in the
// background say nothing of the others: a row that they wait for may be locked.
void ServiceContext::heard(const StorageOutcome& outcome) {
  if (supervisor_.resources.storage_outcome) supervisor_.resources.storage_outcome(outcome);
  if (outcome.operation == StorageOutcome::Operation::background) return;
  if (tables_can_wait_) return;
  outages_ = is_outage(outcome.result) ? outages_ + 1 : 0;
  for (const auto& [name, source] : sources_) source->pause(outages_ > 1);
}

asio::awaitable<void> ServiceContext::transact(std::size_t lane, Callable<void(Session&)> work) {
  check("transact");
  if (!work) throw std::logic_error{fmt::format("{} transacts nothing", service())};
  const std::size_t lanes = lanes_ + background_lanes_;
  if (lane >= lanes) {
    throw std::logic_error{
        fmt::format("{} transacts on lane {}, but has {} lanes", service(), lane, lanes)};
  }
  using enum StorageOutcome::Operation;
  co_await sessions_->transact(lane < lanes_ ? StorageOutcome::Operation::transact : background,
                               lane, std::move(work));
}

void ServiceContext::check(std::string_view call) const {
  if (!supervisor_.strand.running_in_this_thread()) {
    throw std::logic_error{
        fmt::format("{} calls {} of its context outside of its executor", service(), call)};
  }
  if (running_) return;
  throw std::logic_error{
      fmt::format("{} calls {} of its context after `run` has ended", service(), call)};
}

}  // namespace hangar
