#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <deque>
#include <exception>
#include <map>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event.hpp"
#include "hangar/event.hpp"
#include "hangar/failpoint.hpp"
#include "hangar/service.hpp"
#include "lanes.hpp"
#include "portion.hpp"
#include "record.hpp"
#include "recorder_config.hpp"
#include "recorder_metrics.hpp"
#include "refused_messages.hpp"
#include "rejection.hpp"
#include "retryable_event.hpp"

namespace asio = boost::asio;

namespace hangar::recorder {
namespace {

constexpr std::string_view orphan = "orphan_flow_run";

// However many a transaction takes, so many are read at a time: messages take more memory than the
// events that are made of them.
constexpr std::size_t read_batch_size = 1000;

using OwnedEvents = std::vector<EventPool::Event>;
using Events = std::span<EventPool::Event>;

Timestamp now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Whether most of a batch was refused for one reason: then not the events are at fault but the
/// database, an older schema for example.
bool refused_as_a_whole(Events refused, std::size_t batch) {
  constexpr std::size_t least_batch = 20;
  if (batch < least_batch) return false;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> counts;
  for (const auto& event : refused) {
    const Rejection& why = *event->refused;
    if (why.sqlstate.empty() || why.reason == orphan) continue;
    if (++counts[{why.sqlstate, why.pointer}] * 2 > batch) return true;
  }
  return false;
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
        settled_{context.executor()} {}

  asio::awaitable<void> run() override {
    const std::array tables{&task_run_table(), &task_run_state_table()};
    const std::size_t lanes =
        co_await context_.open_storage(tables, static_cast<std::size_t>(config_.lanes));
    lanes_ = Lanes{lanes};
    while (queues_.size() < lanes) queues_.push_back(std::make_unique<Lane>(context_.executor()));
    source_ = co_await context_.open_source(config_.source(lanes));
    co_await consumer(
        static_cast<std::size_t>(config_.batch_size), config_.flush_interval,
        context_.max_persist_retries().value_or(static_cast<int>(config_.max_persist_retries)));
  }

 private:
  struct Lane {
    explicit Lane(const asio::any_io_executor& executor) : ready{executor} {}
    std::deque<EventPool::Event> queue;
    Event ready;
    Portion portion;
  };

  struct Taken {
    EventPool::Event event;
    std::optional<Rejection> why;
  };

  asio::awaitable<void> consumer(std::size_t write_batch_size, hangar::Duration flush_every,
                                 int max_persist_retries);
  /// Keeps the first failure of parts that end together: the others throw for being cancelled.
  asio::awaitable<void> part(asio::awaitable<void> body);
  asio::awaitable<void> read(std::size_t limit, hangar::Duration linger);
  /// The event of a message, or why it is rejected; neither when it is acked, for the recorder does
  /// not count it. No coroutine, for it runs for every message.
  Taken take(Message& message);
  /// Whether a lane has taken both; else none can before a `release`.
  bool enqueue(EventPool::Event& event, Message& message);
  void wake_lanes();
  asio::awaitable<void> write_lanes(std::size_t first);
  asio::awaitable<void> write_lane(std::size_t lane);
  asio::awaitable<void> record(std::size_t lane, OwnedEvents events);
  asio::awaitable<void> write(std::size_t lane, Events events);
  Recorded attempt(Session& session, Portion& portion, Events events, Fold::Aliases aliases) const;
  void write_alone(EventPool::Event& event, const DataError& failure);
  asio::awaitable<void> wait_until_accepted(std::size_t lane, RetryableEvent& event);
  void settle(Events events, const std::vector<Verdict>& verdicts);
  void reject_when_whole(RetryableEvent& event, Rejection why);
  void release(const RetryableEvent& event);
  void end();

  Context& context_;
  Config config_;
  RecorderMetrics metrics_;
  EventDecoder decoder_;
  std::array<std::byte, 4096> texts_of_most_;
  std::pmr::monotonic_buffer_resource texts_{texts_of_most_.data(), texts_of_most_.size()};
  EventPool pool_;
  Lanes lanes_{0};  ///< As many as the storage has.
  std::unique_ptr<Source> source_;
  std::vector<std::unique_ptr<Lane>> queues_;
  std::unordered_map<std::uint64_t, std::size_t> orphans_;
  RefusedMessages refused_;
  Event settled_;
  std::uint64_t arrivals_ = 0;
  std::size_t write_batch_size_ = 1;
  int max_persist_retries_ = 0;
  std::exception_ptr failure_;
  bool ended_ = false;
};

asio::awaitable<void> TaskRunRecorder::consumer(std::size_t write_batch_size,
                                                hangar::Duration flush_every,
                                                int max_persist_retries) {
  using asio::experimental::awaitable_operators::operator&&;
  write_batch_size_ = write_batch_size;
  max_persist_retries_ = max_persist_retries;
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

asio::awaitable<void> TaskRunRecorder::read(std::size_t limit, hangar::Duration linger) {
  while (true) {
    Batch batch = co_await source_->next(std::min(limit, read_batch_size), linger);
    if (batch.empty()) break;
    failpoint(Failpoint::pulled);
    lanes_.next_batch();
    for (Message& message : batch) {
      auto [event, why] = take(message);
      if (why) co_await source_->reject(std::move(message), *std::move(why));
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
  if (auto why = refused_.take(message)) return {.event = {}, .why = std::move(why)};
  texts_.release();
  try {
    if (const auto decoded = decoder_.decode(message.data(), now(), texts_)) {
      return {.event = pool_.event(*decoded, ++arrivals_), .why = {}};
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
  message.forget(event->bytes);
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

asio::awaitable<void> TaskRunRecorder::record(std::size_t lane, OwnedEvents events) {
  while (true) {
    const std::size_t batch = events.size();
    co_await write(lane, events);
    std::erase_if(events, [](const auto& event) { return !event || !event->refused; });
    if (!refused_as_a_whole(events, batch)) break;
    context_.log().error(
        "the database refuses {} events of a batch of {} for one reason, so none of them is "
        "dead-lettered: {}",
        events.size(), batch, events.front()->refused->error);
    co_await wait_until_accepted(lane, *events.front());
    for (const auto& event : events) {
      event->refused.reset();
      event->persist_attempts = 0;
      lanes_.step_back(event->arrival);
    }
  }
  for (const auto& event : events) reject_when_whole(*event, std::move(*event->refused));
}

/// Leaves `refused` in the events that cannot be recorded, and null for those that were given back.
asio::awaitable<void> TaskRunRecorder::write(std::size_t lane, Events events) {
  while (!events.empty()) {
    const auto aliases = queues_.size() == 1                      ? Fold::Aliases::any
                         : lanes_.oldest(events.front()->arrival) ? Fold::Aliases::first_event_only
                                                                  : Fold::Aliases::none;
    Portion& portion = queues_[lane]->portion;
    std::size_t tried = portion.of(events.size());
    Recorded recorded;
    std::optional<DataError> failure;
    const auto began = std::chrono::steady_clock::now();
    try {
      co_await context_.transact(lane, [&](Session& session) {
        tried = portion.of(events.size());
        recorded = attempt(session, portion, events.first(tried), aliases);
      });
    } catch (const DataError& error) {
      failure = error;
    }
    if (failure && tried == 1) {
      write_alone(events.front(), *failure);
      if (!events.front() || events.front()->refused) events = events.subspan(1);
    } else if (failure) {
      co_await write(lane, events.first(tried / 2));
      events = events.subspan(tried / 2);
    } else if (recorded.verdicts.empty()) {
      // An alias waits until it is the oldest event in flight.
      while (!lanes_.oldest(events.front()->arrival)) {
        co_await settled_.next();
        if (ended_) co_return;
      }
    } else {
      portion.succeeded();
      const std::size_t done = recorded.verdicts.size();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
      metrics_.committed(done, recorded, took.count());
      settle(events.first(done), recorded.verdicts);
      events = events.subspan(done);
    }
  }
}

/// One attempt at a transaction, on a storage thread.
Recorded TaskRunRecorder::attempt(Session& session, Portion& portion, Events events,
                                  Fold::Aliases aliases) const {
  std::vector<PackedEvent> batch;
  batch.reserve(events.size());
  for (const auto& event : events) batch.push_back(event->event);
  try {
    return record_bulk_task_run_events(session, batch, aliases, now());
  } catch (const TransientError& error) {
    const bool passes = !error.row_may_be_at_fault();
    if (!passes || error.retry() == TransientError::Retry::backoff) portion.failed(batch.size());
    if (passes || batch.size() > 1) throw;
    if (events.front()->persist_attempts++ < max_persist_retries_) throw;
    throw DataError{"unknown", error.what(), {}, error.sqlstate()};
  }
}

void TaskRunRecorder::write_alone(EventPool::Event& event, const DataError& failure) {
  Rejection why = rejection(failure);
  if (failure.reason() == "foreign_key") {
    // Its flow run is not there yet, or not any more: others must not wait for it.
    std::size_t& tries = orphans_[event->message.sequence()];
    if (tries < config_.orphan_retry_delays.size()) {
      event->message.give_back(config_.orphan_retry_delays[tries++]);
      release(*event);
      event.reset();
      return;
    }
    orphans_.erase(event->message.sequence());
    why.reason = orphan;
  } else {
    const int retries = failure.reason() == "unknown" ? max_persist_retries_ : 1;
    if (event->persist_attempts++ < retries) return;
  }
  event->refused = std::make_unique<Rejection>(std::move(why));
  // As if it were not there, which it is not for an alias behind it in the same batch.
  lanes_.step_aside(event->arrival);
  settled_.set();
}

/// Tries the event without keeping what it writes, as transact tries again what is transient.
asio::awaitable<void> TaskRunRecorder::wait_until_accepted(std::size_t lane,
                                                           RetryableEvent& event) {
  struct Answered {};
  try {
    co_await context_.transact(lane, [&](Session& session) {
      try {
        record_task_run_event(session, event.event, now());
      } catch (const DataError& error) {
        if (error.sqlstate() != event.refused->sqlstate) throw Answered{};
        throw TransientError{error.what(), TransientError::Retry::when_answerable,
                             error.sqlstate()};
      }
      throw Answered{};
    });
  } catch (const Answered&) {
  }
}

void TaskRunRecorder::settle(Events events, const std::vector<Verdict>& verdicts) {
  const Timestamp durable = now();
  for (std::size_t i = 0; i < events.size(); ++i) {
    metrics_.durable(events[i]->state_timestamp, durable);
    orphans_.erase(events[i]->message.sequence());
    if (verdicts[i] == Verdict::collision || verdicts[i] == Verdict::too_long_for_index) {
      reject_when_whole(*events[i], rejection(verdicts[i], events[i]->event.unpack()));
      continue;
    }
    failpoint(Failpoint::before_ack);
    events[i]->message.ack();
    release(*events[i]);
  }
}

void TaskRunRecorder::reject_when_whole(RetryableEvent& event, Rejection why) {
  refused_.keep(event.message, std::move(why));
  event.message.give_back();
  release(event);
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
