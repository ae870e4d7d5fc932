#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <chrono>
#include <deque>
#include <exception>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "attempt.hpp"
#include "batch_size.hpp"
#include "event_decoder.hpp"
#include "hangar/event.hpp"
#include "hangar/failpoint.hpp"
#include "hangar/service.hpp"
#include "lanes.hpp"
#include "record.hpp"
#include "recorder_config.hpp"
#include "recorder_metrics.hpp"
#include "refusals.hpp"
#include "rejection.hpp"
#include "retryable_event.hpp"

namespace asio = boost::asio;

namespace hangar::recorder {
namespace {

// However many a transaction takes, so many are read at a time: messages take more memory than the
// events that are made of them.
constexpr std::size_t read_batch_size = 1000;

using OwnedEvents = std::vector<EventPool::Event>;
using Events = std::span<EventPool::Event>;

Timestamp now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace

/// Prefect's recorder of task-run events. README.md beside this file states its guarantees.
class TaskRunRecorder final : public Service {
 public:
  using Config = RecorderConfig;

  TaskRunRecorder(Context& context, Config config)
      : context_{context},
        config_{std::move(config)},
        metrics_{context_.metrics()},
        decoder_{config_.limits()},
        source_{context_.source()},
        settled_{context.executor()} {}

  static Needs needs(const Config& config) {
    return {.tables = {&task_run_table(), &task_run_state_table()},
            .lanes = static_cast<std::size_t>(config.lanes),
            .reads = {config.source()}};
  }

  asio::awaitable<void> run() override {
    decoder_.fit(context_.storage_limits());
    const std::size_t lanes = context_.lanes();
    lanes_ = Lanes{lanes};
    while (queues_.size() < lanes) queues_.push_back(std::make_unique<Lane>(context_.executor()));
    co_await consumer(
        static_cast<std::size_t>(config_.batch_size), config_.flush_interval,
        context_.max_persist_retries().value_or(static_cast<int>(config_.max_persist_retries)));
  }

 private:
  struct Lane {
    explicit Lane(const asio::any_io_executor& executor) : ready{executor} {}
    std::deque<EventPool::Event> queue;
    Event ready;
    BatchSize batch_size;
    bool refused = false;  ///< Whether the storage refused something of the last batch.
  };

  struct Taken {
    EventPool::Event event;
    std::optional<Rejection> why;
  };

  asio::awaitable<void> consumer(std::size_t write_batch_size,
                                 std::chrono::milliseconds flush_every, int max_persist_retries);
  /// Keeps the first failure of parts that end together: the others throw for being cancelled.
  asio::awaitable<void> part(asio::awaitable<void> body);
  asio::awaitable<void> read(std::size_t limit, std::chrono::milliseconds linger);
  /// The event of a message, or why it is rejected; neither when it is acked, for the recorder does
  /// not count it. No coroutine, for it runs for every message.
  Taken take(Message& message);
  /// Whether a lane has taken both; else none can before a `release`.
  bool enqueue(EventPool::Event& event, Message& message);
  void wake_lanes();
  asio::awaitable<void> write_lanes(std::size_t first);
  asio::awaitable<void> write_lane(std::size_t lane);
  asio::awaitable<void> record(std::size_t lane, OwnedEvents events);
  asio::awaitable<bool> write(std::size_t lane, Events events, bool beside_refused);
  /// How many events, from the first on, are older than every other in flight.
  std::size_t oldest(Events events) const;
  void refuse(RetryableEvent& event, Rejection why);
  void settle(Events events, const Recorded& recorded);
  asio::awaitable<void> answer_refused(std::size_t lane, Events events);
  void release(const RetryableEvent& event);
  void end();

  Context& context_;
  Config config_;
  RecorderMetrics metrics_;
  EventDecoder decoder_;
  Source& source_;
  std::array<std::byte, 4096> texts_of_most_;
  std::pmr::monotonic_buffer_resource texts_{texts_of_most_.data(), texts_of_most_.size()};
  EventPool pool_;
  Lanes lanes_{0};  ///< As many as the storage has.
  std::vector<std::unique_ptr<Lane>> queues_;
  std::unique_ptr<Refusals> refusals_;
  Event settled_;
  std::uint64_t arrivals_ = 0;
  std::size_t write_batch_size_ = 1;
  std::exception_ptr failure_;
  bool ended_ = false;
};

asio::awaitable<void> TaskRunRecorder::consumer(std::size_t write_batch_size,
                                                std::chrono::milliseconds flush_every,
                                                int max_persist_retries) {
  using asio::experimental::awaitable_operators::operator&&;
  write_batch_size_ = write_batch_size;
  refusals_ = std::make_unique<Refusals>(context_, static_cast<std::size_t>(max_persist_retries),
                                         config_.orphan_retry_delays);
  try {
    co_await (part(read(write_batch_size, flush_every)) && write_lanes(0));
  } catch (...) {
    std::rethrow_exception(failure_);
  }
}

asio::awaitable<void> TaskRunRecorder::part(asio::awaitable<void> body) {
  try {
    co_await std::move(body);
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
    throw;
  }
}

asio::awaitable<void> TaskRunRecorder::read(std::size_t limit, std::chrono::milliseconds linger) {
  while (true) {
    Batch batch = co_await source_.next(std::min(limit, read_batch_size), linger);
    if (batch.empty()) break;
    failpoint(Failpoint::pulled);
    lanes_.next_batch();
    for (Message& message : batch) {
      auto [event, why] = take(message);
      if (why) co_await source_.reject(std::move(message), *std::move(why));
      while (event && !enqueue(event, message)) {
        wake_lanes();
        co_await settled_.next();
      }
    }
    wake_lanes();
  }
  end();
}

TaskRunRecorder::Taken TaskRunRecorder::take(Message& message) {
  if (auto why = refusals_->take_condemned(message)) return {.event = {}, .why = std::move(why)};
  texts_.release();
  try {
    if (const auto decoded = decoder_.decode(message.data(), now(), texts_)) {
      EventPool::Event event = pool_.event(*decoded, ++arrivals_);
      event->suspect = refusals_->suspects(message);
      return {.event = std::move(event), .why = {}};
    }
  } catch (const DataError& error) {
    return {.event = {}, .why = rejection(error)};
  }
  metrics_.filtered();
  message.ack();
  return {};
}

bool TaskRunRecorder::enqueue(EventPool::Event& event, Message& message) {
  const auto lane = lanes_.assign(event->names, event->arrival);
  if (!lane) return false;
  message.drop_data(event->bytes);
  event->message = std::move(message);
  queues_[*lane]->queue.push_back(std::move(event));
  return true;
}

void TaskRunRecorder::wake_lanes() {
  for (const auto& lane : queues_) lane->ready.set();
}

asio::awaitable<void> TaskRunRecorder::write_lanes(std::size_t first) {
  using asio::experimental::awaitable_operators::operator&&;
  if (first + 1 == queues_.size()) {
    co_await part(write_lane(first));
  } else {
    co_await (part(write_lane(first)) && write_lanes(first + 1));
  }
}

asio::awaitable<void> TaskRunRecorder::write_lane(std::size_t number) {
  Lane& lane = *queues_[number];
  while (!ended_) {
    if (lane.queue.empty()) {
      lane.ready.clear();
      co_await lane.ready.wait();
      continue;
    }
    OwnedEvents events;
    while (!lane.queue.empty() && events.size() < write_batch_size_) {
      events.push_back(std::move(lane.queue.front()));
      lane.queue.pop_front();
    }
    co_await record(number, std::move(events));
  }
}

/// What was refused before is tried after the others, so that these go in at once.
asio::awaitable<void> TaskRunRecorder::record(std::size_t lane, OwnedEvents events) {
  // Not std::ranges::stable_partition: clang 14 cannot read libstdc++'s subrange.
  const auto first_suspect = std::stable_partition(
      events.begin(), events.end(), [](const auto& event) { return !event->suspect; });
  const Events suspects{first_suspect, events.end()};
  for (const auto& event : suspects) lanes_.step_aside(event->arrival);
  if (!suspects.empty()) settled_.set();
  const Events others = Events{events}.first(events.size() - suspects.size());
  bool& refused = queues_[lane]->refused;
  // Where something was refused, more of its kind is likely to come.
  if (!others.empty()) refused = co_await write(lane, others, refused);
  for (const auto& event : suspects) lanes_.step_back(event->arrival);
  co_await write(lane, suspects, true);
  std::erase_if(events, [](const auto& event) { return !event->refused; });
  if (!events.empty()) co_await answer_refused(lane, events);
}

std::size_t TaskRunRecorder::oldest(Events events) const {
  if (queues_.size() == 1) return events.size();
  std::vector<std::uint64_t> arrivals;
  arrivals.reserve(events.size());
  for (const auto& event : events) arrivals.push_back(event->arrival);
  return lanes_.oldest(arrivals);
}

/// Leaves `refused` in the events that cannot be recorded; whether there are any. `beside_refused`:
/// some are likely.
asio::awaitable<bool> TaskRunRecorder::write(std::size_t lane, Events events, bool beside_refused) {
  BatchSize& batch_size = queues_[lane]->batch_size;
  bool any_refused = false;
  while (!events.empty()) {
    Attempt attempt{events, oldest(events), batch_size, beside_refused};
    std::optional<DataError> failure;
    const auto began = std::chrono::steady_clock::now();
    try {
      co_await context_.transact(lane, [&](Session& session) { attempt.run(session, now()); });
    } catch (const DataError& error) {
      failure = error;
    }
    const std::size_t tried = attempt.tried();
    if (failure && failure->reason() == statement_timeout) {
      refuse(*events.front(), rejection(*failure));
      // At once: where the database is slow, the others would meet the same.
      co_await answer_refused(lane, events.first(1));
      events.front()->refused.reset();
      events = events.subspan(1);
    } else if (failure && !beside_refused) {
      beside_refused = true;
    } else if (failure && tried == 1) {
      refuse(*events.front(), rejection(*failure));
      any_refused = true;
      events = events.subspan(1);
    } else if (failure) {
      // COMMIT itself refuses, and names no row.
      const bool first_half = co_await write(lane, events.first(tried / 2), true);
      any_refused = any_refused || first_half;
      events = events.subspan(tried / 2);
    } else if (attempt.settles() == 0) {
      // An alias waits until it is the oldest event in flight.
      while (oldest(events.first(1)) == 0) {
        co_await settled_.next();
        if (ended_) co_return any_refused;
      }
    } else {
      batch_size.succeeded();
      const std::size_t done = attempt.recorded().verdicts.size();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
      attempt.arrange();
      metrics_.committed(done, attempt.recorded(), took.count());
      settle(events.first(done), attempt.recorded());
      for (std::size_t i = done; i < attempt.settles(); ++i) {
        const LeftAside& aside = attempt.left_aside(i);
        events[i]->at_fault = aside.at_fault;
        refuse(*events[i], aside.why);
        any_refused = true;
      }
      events = events.subspan(attempt.settles());
      beside_refused = false;
    }
  }
  co_return any_refused;
}

void TaskRunRecorder::refuse(RetryableEvent& event, Rejection why) {
  event.refused = std::make_unique<Rejection>(std::move(why));
  // As if it were not there, which it is not for an alias behind it in the same batch.
  lanes_.step_aside(event.arrival);
  settled_.set();
}

void TaskRunRecorder::settle(Events events, const Recorded& recorded) {
  const Timestamp durable = now();
  refusals_->learn_from(events, recorded);
  for (std::size_t i = 0; i < events.size(); ++i) {
    RetryableEvent& event = *events[i];
    metrics_.durable(event.state_timestamp, durable);
    if (event.suspect) refusals_->forget(event.message);
    const Verdict verdict = recorded.verdicts[i];
    if (verdict == Verdict::collision || verdict == Verdict::too_long_for_index) {
      // Nothing to prove: the row that keeps it out is stored, or its own texts are too long.
      refusals_->condemn(event.message, rejection(verdict, event.event.unpack()));
    } else {
      failpoint(Failpoint::before_ack);
      event.message.ack();
    }
    release(event);
  }
  refusals_->tell_of_held();
}

/// They come again whole: as dead letters, or to be tried again.
asio::awaitable<void> TaskRunRecorder::answer_refused(std::size_t lane, Events events) {
  co_await refusals_->answer(lane, events, source_);
  for (const auto& event : events) release(*event);
}

void TaskRunRecorder::release(const RetryableEvent& event) {
  lanes_.release(event.names, event.arrival);
  settled_.set();
}

void TaskRunRecorder::end() {
  // What still waits in the queues goes back to the stream when they are destroyed.
  ended_ = true;
  wake_lanes();
  settled_.set();
}

}  // namespace hangar::recorder

HANGAR_PLUGIN(hangar::service_plugin<hangar::recorder::TaskRunRecorder>(
    "task_run_recorder", "1.0.0", "Records Prefect's task-run events as task runs and states"));
