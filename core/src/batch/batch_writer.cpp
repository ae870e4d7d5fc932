#include "hangar/batch_writer.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <stdexcept>
#include <utility>

#include "batch/adaptive_batch_size.hpp"
#include "batch/attempt.hpp"
#include "batch/batch_metrics.hpp"
#include "batch/batch_plan.hpp"
#include "batch/lanes.hpp"
#include "batch/refusals.hpp"
#include "hangar/event.hpp"
#include "hangar/failpoint.hpp"
#include "hangar/together.hpp"

namespace asio = boost::asio;

namespace hangar {

namespace batch {
namespace {

using detail::BatchItem;
using detail::ItemPtr;
using OwnedItems = std::span<ItemPtr>;

// However many a transaction takes, so many are read at a time: messages take more memory than the
// items that are made of them.
constexpr std::size_t read_batch_size = 1000;

Timestamp now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// One run of a BatchWriter.
class Run {
 public:
  using Decode = std::function<ItemPtr(const Message&)>;

  Run(Context& context, Source& source, const BatchLimits& limits, const Decode& decode,
      BatchTarget& target)
      : context_{context},
        source_{source},
        limits_{limits},
        decode_{decode},
        target_{target},
        metrics_{context.metrics()},
        lanes_{context.lanes()},
        refusals_{context, limits, target},
        settled_{context.executor()} {
    while (queues_.size() < context.lanes()) {
      queues_.push_back(std::make_unique<Lane>(context.executor()));
    }
  }

  asio::awaitable<void> read_and_write();

 private:
  struct Lane {
    explicit Lane(const asio::any_io_executor& executor) : ready{executor} {}
    std::deque<ItemPtr> queue;
    Event ready;
    AdaptiveBatchSize batch_size;
    bool refused = false;  ///< Whether the storage refused something of the last batch.
  };

  struct Taken {
    ItemPtr item;
    std::optional<Rejection> why;
  };

  asio::awaitable<void> read();
  /// The item of a message, or why it is rejected; neither when it is acked, for the service has
  /// nothing to do with it. No coroutine, for it runs for every message.
  Taken take(Message& message);
  /// Whether a lane has taken both; else none can before a `release`.
  bool enqueue(ItemPtr& item, Message& message);
  void wake_lanes();
  asio::awaitable<void> write_lane(std::size_t lane);
  asio::awaitable<void> write_batch(std::size_t lane, std::vector<ItemPtr> items);
  /// Leaves `refused` in the items that cannot be written; whether there are any. `beside_refused`:
  /// some are likely.
  asio::awaitable<bool> write(std::size_t lane, OwnedItems items, bool beside_refused);
  /// How many items, from the first on, are older than every other in flight.
  [[nodiscard]] std::size_t oldest(OwnedItems items) const;
  void refuse(BatchItem& item, Rejection why);
  void settle(OwnedItems items, const Written& written);
  asio::awaitable<void> answer_refused(std::size_t lane, OwnedItems items);
  void release(const BatchItem& item);
  void end();

  Context& context_;
  Source& source_;
  const BatchLimits& limits_;
  const Decode& decode_;
  BatchTarget& target_;
  BatchMetrics metrics_;
  Lanes lanes_;
  std::vector<std::unique_ptr<Lane>> queues_;
  Refusals refusals_;
  Event settled_;
  std::uint64_t arrivals_ = 0;
  bool ended_ = false;
};

asio::awaitable<void> Run::read_and_write() {
  std::vector<asio::awaitable<void>> all;
  all.push_back(read());
  for (std::size_t lane = 0; lane < queues_.size(); ++lane) all.push_back(write_lane(lane));
  co_await together(std::move(all));
}

asio::awaitable<void> Run::read() {
  while (true) {
    const std::size_t limit = std::min(limits_.batch_size, read_batch_size);
    Batch batch = co_await source_.next(limit, limits_.flush_interval);
    if (batch.empty()) break;
    failpoint(Failpoint::pulled);
    lanes_.next_batch();
    for (Message& message : batch) {
      auto [item, why] = take(message);
      if (why) co_await source_.reject(std::move(message), *std::move(why));
      while (item && !enqueue(item, message)) {
        wake_lanes();
        co_await settled_.next();
      }
    }
    wake_lanes();
  }
  end();
}

Run::Taken Run::take(Message& message) {
  if (auto why = refusals_.take_condemned(message)) return {.item = {}, .why = std::move(why)};
  try {
    if (ItemPtr item = decode_(message)) {
      item->arrival = ++arrivals_;
      if (!item->occurred) {
        item->occurred = std::chrono::floor<std::chrono::microseconds>(message.stored());
      }
      item->suspect = refusals_.suspects(message);
      return {.item = std::move(item), .why = {}};
    }
  } catch (const DataError& error) {
    return {.item = {}, .why = rejection(error)};
  }
  metrics_.filtered();
  message.ack();
  return {};
}

bool Run::enqueue(ItemPtr& item, Message& message) {
  const auto lane = lanes_.assign(item->names, item->arrival);
  if (!lane) return false;
  message.drop_data(item->bytes);
  item->message = std::move(message);
  queues_[*lane]->queue.push_back(std::move(item));
  return true;
}

void Run::wake_lanes() {
  for (const auto& lane : queues_) lane->ready.set();
}

asio::awaitable<void> Run::write_lane(std::size_t number) {
  Lane& lane = *queues_[number];
  while (!ended_) {
    if (lane.queue.empty()) {
      lane.ready.clear();
      co_await lane.ready.wait();
      continue;
    }
    std::vector<ItemPtr> items;
    while (!lane.queue.empty() && items.size() < limits_.batch_size) {
      items.push_back(std::move(lane.queue.front()));
      lane.queue.pop_front();
    }
    co_await write_batch(number, std::move(items));
  }
}

/// What was refused before is tried after the others, so that these go in at once.
asio::awaitable<void> Run::write_batch(std::size_t lane, std::vector<ItemPtr> items) {
  // Not std::ranges::stable_partition: clang 14 cannot read libstdc++'s subrange.
  const auto first_suspect = std::stable_partition(items.begin(), items.end(),
                                                   [](const auto& item) { return !item->suspect; });
  const OwnedItems suspects{first_suspect, items.end()};
  for (const auto& item : suspects) lanes_.step_aside(item->arrival);
  if (!suspects.empty()) settled_.set();
  const OwnedItems others = OwnedItems{items}.first(items.size() - suspects.size());
  bool& refused = queues_[lane]->refused;
  // Where something was refused, more of its kind is likely to come.
  if (!others.empty()) refused = co_await write(lane, others, refused);
  for (const auto& item : suspects) lanes_.step_back(item->arrival);
  co_await write(lane, suspects, true);
  std::erase_if(items, [](const auto& item) { return !item->refused; });
  if (!items.empty()) co_await answer_refused(lane, items);
}

std::size_t Run::oldest(OwnedItems items) const {
  if (queues_.size() == 1) return items.size();
  std::vector<std::uint64_t> arrivals;
  arrivals.reserve(items.size());
  for (const auto& item : items) arrivals.push_back(item->arrival);
  return lanes_.oldest(arrivals);
}

asio::awaitable<bool> Run::write(std::size_t lane, OwnedItems items, bool beside_refused) {
  AdaptiveBatchSize& batch_size = queues_[lane]->batch_size;
  BatchPlan plan{items.size(), beside_refused};
  bool any_refused = false;
  while (const auto next = plan.next()) {
    const OwnedItems tried = items.subspan(next->first, next->count);
    Attempt attempt{tried, oldest(tried), batch_size, target_, next->beside_refused};
    std::optional<DataError> failure;
    const auto began = std::chrono::steady_clock::now();
    try {
      co_await context_.transact(lane, [&](Session& session) { attempt.run(session); });
    } catch (const DataError& error) {
      failure = error;
    }
    if (failure && failure->reason() == statement_timeout) {
      refuse(*tried.front(), rejection(*failure));
      // At once: where the database is slow, the others would meet the same.
      co_await answer_refused(lane, tried.first(1));
      tried.front()->refused.reset();
      plan.judged();
    } else if (failure) {
      if (plan.refused(attempt.tried())) {
        refuse(*tried.front(), rejection(*failure));
        any_refused = true;
      }
    } else if (attempt.settles() == 0) {
      // It waits until it is the oldest item in flight.
      while (oldest(tried.first(1)) == 0) {
        co_await settled_.next();
        if (ended_) co_return any_refused;
      }
    } else {
      batch_size.succeeded();
      const std::size_t done = attempt.written().verdicts.size();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
      attempt.committed();
      metrics_.committed(done, took.count());
      settle(tried.first(done), attempt.written());
      for (std::size_t i = done; i < attempt.settles(); ++i) {
        const LeftAside& aside = attempt.left_aside(i);
        tried[i]->at_fault = aside.at_fault;
        tried[i]->orphan = aside.orphan;
        refuse(*tried[i], aside.why);
        any_refused = true;
      }
      plan.settled(attempt.settles());
    }
  }
  co_return any_refused;
}

void Run::refuse(BatchItem& item, Rejection why) {
  item.refused = std::make_unique<Rejection>(std::move(why));
  // As if it were not there, which it is not for what waits behind it in the same batch.
  lanes_.step_aside(item.arrival);
  settled_.set();
}

void Run::settle(OwnedItems items, const Written& written) {
  const Timestamp durable = now();
  refusals_.learn_from(items, written);
  for (std::size_t i = 0; i < items.size(); ++i) {
    BatchItem& item = *items[i];
    metrics_.durable(*item.occurred, durable);
    if (item.suspect) refusals_.forget(item.message);
    const Verdict& verdict = written.verdicts[i];
    if (verdict.recorded()) {
      failpoint(Failpoint::before_ack);
      item.message.ack();
    } else {
      refusals_.condemn(item.message, verdict.why());
    }
    release(item);
  }
  refusals_.tell_of_held();
}

/// They come again whole: as dead letters, or to be tried again.
asio::awaitable<void> Run::answer_refused(std::size_t lane, OwnedItems items) {
  co_await refusals_.answer(lane, items, source_);
  for (const auto& item : items) release(*item);
}

void Run::release(const BatchItem& item) {
  lanes_.release(item.names, item.arrival);
  settled_.set();
}

void Run::end() {
  // What still waits in the queues goes back to the stream when they are destroyed.
  ended_ = true;
  wake_lanes();
  settled_.set();
}

}  // namespace
}  // namespace batch

void detail::add_batch_metrics(Metrics& metrics) { batch::BatchMetrics{metrics}; }

asio::awaitable<void> detail::write_batches(Context& context, Source& source,
                                            const BatchLimits& limits,
                                            const std::function<ItemPtr(const Message&)>& decode,
                                            BatchTarget& target) {
  if (context.lanes() == 0) {
    throw std::invalid_argument{
        "a BatchWriter has no session to write with: name the tables that it writes in the "
        "service's needs"};
  }
  if (limits.batch_size == 0) {
    throw std::invalid_argument{"a BatchWriter needs a batch_size of at least one item"};
  }
  batch::Run run{context, source, limits, decode, target};
  co_await run.read_and_write();
}

}  // namespace hangar
