#include "service/service_context.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace asio = boost::asio;

namespace hangar {

asio::awaitable<std::shared_ptr<Source>> ServiceContext::open_source(SourceOptions options) {
  co_return co_await supervisor_.open_source(options);
}

asio::awaitable<std::size_t> ServiceContext::open_storage(std::span<const Table* const> tables,
                                                          std::size_t lanes) {
  Storage& storage = supervisor_.resources.storage();
  lanes = std::min(lanes, storage.concurrent_sessions());
  sessions_ = std::make_unique<SessionPool>(
      supervisor_.strand, storage, *supervisor_.log, supervisor_.stopping(), lanes,
      [this](const StorageOutcome& outcome) { heard(outcome); });
  co_await sessions_->prepare(tables, supervisor_.resources.creation,
                              supervisor_.resources.waits_for_storage);
  co_return lanes;
}

// One failure may be a lane's own, and is over when the next attempt succeeds.
void ServiceContext::heard(const StorageOutcome& outcome) {
  if (supervisor_.resources.storage_outcome) supervisor_.resources.storage_outcome(outcome);
  outages_ = is_outage(outcome.result) ? outages_ + 1 : 0;
  supervisor_.pause_source(outages_ > 1);
}

asio::awaitable<void> ServiceContext::transact(std::size_t lane,
                                               std::function<void(Session&)> work) {
  if (!sessions_) throw std::logic_error{"transact before open_storage"};
  co_await sessions_->transact(lane, std::move(work));
}

}  // namespace hangar
