#include "trial.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <string>

#include "isolation.hpp"
#include "prefect/uuid.hpp"
#include "record.hpp"

namespace hangar::recorder {
namespace {

using Clock = std::chrono::steady_clock;

// Chance and load make the same statement several times slower, and not many of them every time.
constexpr int much_less = 4;

Uuid random_uuid() {
  std::random_device random;
  Uuid id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
  return id;
}

PackedEvent pack(const TaskRunEvent& event, std::vector<std::byte>& memory) {
  memory.resize(PackedEvent::size(event));
  return {event, memory.data()};
}

/// Whether `work` was refused for what it writes, and not for a reason of the moment.
template <class Work>
bool refused(Work&& work) {
  try {
    work();
    return false;
  } catch (const DataError&) {
    return true;
  } catch (const TransientError& error) {
    if (!error.row_may_be_at_fault()) throw;
    return true;
  }
}

bool goes_in(Session& session, const AcceptedEvent& accepted, Timestamp now) {
  bool went_in = false;
  return !refused([&] { went_in = accepted.goes_in_again(session, now); }) && went_in;
}

/// Of an event whose statements were cancelled after so long. It is at fault where the database
/// takes others in much less time, before it (`usual`) and behind it: a slow one does not.
Judgement judge_slow(Session& session, const AcceptedEvent& accepted, Clock::duration usual,
                     Clock::duration cancelled_after, Timestamp now) {
  session.rollback_to_savepoint();
  const auto began = Clock::now();
  if (!goes_in(session, accepted, now)) return Judgement::database_at_fault;
  const auto longest = std::max(usual, Clock::now() - began);
  return longest * much_less <= cancelled_after ? Judgement::event_at_fault
                                                : Judgement::database_at_fault;
}

Judgement judge_one(Session& session, const AcceptedEvent& accepted, Clock::duration usual,
                    const PackedEvent& event, Timestamp now) {
  const auto began = Clock::now();
  try {
    Verdict verdict{};
    if (refused([&] { verdict = record_task_run_event(session, event, now); })) {
      return Judgement::event_at_fault;
    }
    return verdict == Verdict::collision ? Judgement::event_at_fault : Judgement::accepted;
  } catch (const TransientError& error) {
    if (error.retry() == TransientError::Retry::locked) return Judgement::accepted;
    if (!took_too_long(error)) throw;
  }
  return judge_slow(session, accepted, usual, Clock::now() - began, now);
}

}  // namespace

AcceptedEvent::AcceptedEvent(const PackedEvent& event) : event_{pack(event.unpack(), memory_)} {}

bool AcceptedEvent::goes_in_again(Session& session, Timestamp now) const {
  TaskRunEvent event = event_.unpack();
  event.run_id = random_uuid();
  const std::string key = [&] {
    std::string text;
    prefect::append_uuid(text, event.run_id);
    return text;
  }();
  event.run[task_run::dynamic_key] = std::string_view{key};
  std::vector<std::byte> memory;
  for (int change = 0; change < 2; ++change) {
    event.run[task_run::state_id] = random_uuid();
    event.run[task_run::state_timestamp] = event.state_timestamp() + Interval{change};
    if (record_task_run_event(session, pack(event, memory), now) != Verdict::recorded) return false;
  }
  return true;
}

std::vector<Judgement> judge(Session& session, const AcceptedEvent& accepted,
                             std::span<const PackedEvent> events, Timestamp now) {
  session.savepoint();
  const auto began = Clock::now();
  try {
    if (!goes_in(session, accepted, now)) {
      return std::vector<Judgement>(events.size(), Judgement::database_at_fault);
    }
  } catch (const TransientError& error) {
    if (error.retry() != TransientError::Retry::locked) throw;
    return std::vector<Judgement>(events.size(), Judgement::accepted);
  }
  const auto usual = Clock::now() - began;
  std::vector<Judgement> judgements;
  for (const PackedEvent& event : events) {
    session.savepoint();
    judgements.push_back(judge_one(session, accepted, usual, event, now));
    session.rollback_to_savepoint();
  }
  return judgements;
}

}  // namespace hangar::recorder
