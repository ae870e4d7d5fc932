#include "service/service_context.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace asio = boost::asio;

namespace hangar {

ServiceContext::ServiceContext(HostedService::Wiring& wiring,
                               std::optional<int> max_persist_retries,
                               std::function<void()> source_opened)
    : wiring_{wiring},
      max_persist_retries_{max_persist_retries},
      source_opened_{std::move(source_opened)} {}

asio::awaitable<std::unique_ptr<Source>> ServiceContext::open_source(SourceOptions options) {
  wiring_.source = wiring_.resources.make_source(wiring_.strand, options, *wiring_.log);
  if (stopping()) wiring_.source.stop();
  co_await wiring_.source.open();
  if (!stopping()) source_opened_();
  co_return std::move(wiring_.source.source);
}

asio::awaitable<std::size_t> ServiceContext::open_storage(std::span<const Table* const> tables,
                                                          std::size_t lanes) {
  Storage& storage = wiring_.resources.storage();
  lanes = std::min(lanes, storage.concurrent_sessions());
  lanes_ =
      std::make_unique<StorageLanes>(wiring_.strand, storage, *wiring_.log, wiring_.stopping, lanes,
                                     [this](const StorageOutcome& outcome) { heard(outcome); });
  co_await lanes_->prepare(tables, wiring_.resources.creation, wiring_.resources.waits_for_storage);
  co_return lanes;
}

// One failure may be a lane's own, and is over when the next attempt succeeds.
void ServiceContext::heard(const StorageOutcome& outcome) {
  if (wiring_.resources.storage_outcome) wiring_.resources.storage_outcome(outcome);
  outages_ = is_outage(outcome.result) ? outages_ + 1 : 0;
  if (wiring_.source.pause) wiring_.source.pause(outages_ > 1);
}

void ServiceContext::not_ready(std::string why) {
  if (why == wiring_.failure) return;
  wiring_.failure = std::move(why);
  if (wiring_.changed) wiring_.changed();
}

asio::awaitable<void> ServiceContext::transact(std::size_t lane,
                                               std::function<void(Session&)> work) {
  if (!lanes_) throw std::logic_error{"transact before open_storage"};
  co_await lanes_->transact(lane, std::move(work));
}

}  // namespace hangar
