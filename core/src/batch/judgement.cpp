#include "batch/judgement.hpp"

#include <algorithm>
#include <chrono>

#include "batch/isolation.hpp"
#include "batch/watched_session.hpp"

namespace hangar::batch {
namespace {

using Clock = std::chrono::steady_clock;

// Chance and load make the same statement several times slower, and not many of them every time.
constexpr int much_less = 4;

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

/// Whether the database takes again what it took before; what was there already shows nothing.
bool goes_in(Session& session, const WriteProof& proof) {
  WatchedSession watched{session};
  bool went_in = false;
  const bool is_refused = refused([&] { went_in = proof.goes_in_again(watched); });
  return !is_refused && went_in && !watched.took().empty();
}

/// Of an item whose statements were cancelled after so long. It is at fault where the database
/// takes others in much less time, before it (`usual`) and behind it: a slow one does not.
Judgement judge_slow(Session& session, const WriteProof& proof, Clock::duration usual,
                     Clock::duration cancelled_after) {
  session.rollback_to_savepoint();
  const auto began = Clock::now();
  if (!goes_in(session, proof)) return Judgement::database_at_fault;
  const auto longest = std::max(usual, Clock::now() - began);
  return longest * much_less <= cancelled_after ? Judgement::item_at_fault
                                                : Judgement::database_at_fault;
}

Judgement judge_one(Session& session, const WriteProof& proof, Clock::duration usual,
                    const detail::BatchItem* item, BatchTarget& target) {
  const auto began = Clock::now();
  try {
    Written written;
    WriteCall call{.oldest = 1};
    const AnyItems alone{&item, 1};
    if (refused([&] { written = target.begin()->write(session, alone, call); })) {
      return Judgement::item_at_fault;
    }
    const bool in = written.verdicts.empty() || written.verdicts.front().recorded();
    return in ? Judgement::accepted : Judgement::item_at_fault;
  } catch (const TransientError& error) {
    if (error.retry() == TransientError::Retry::locked) return Judgement::accepted;
    if (!took_too_long(error)) throw;
  }
  return judge_slow(session, proof, usual, Clock::now() - began);
}

}  // namespace

std::vector<Judgement> judge(Session& session, const WriteProof& proof, AnyItems items,
                             BatchTarget& target) {
  session.savepoint();
  const auto began = Clock::now();
  try {
    if (!goes_in(session, proof)) {
      return std::vector<Judgement>(items.size(), Judgement::database_at_fault);
    }
  } catch (const TransientError& error) {
    if (error.retry() != TransientError::Retry::locked) throw;
    return std::vector<Judgement>(items.size(), Judgement::accepted);
  }
  const auto usual = Clock::now() - began;
  std::vector<Judgement> judgements;
  for (const detail::BatchItem* item : items) {
    session.savepoint();
    judgements.push_back(judge_one(session, proof, usual, item, target));
    session.rollback_to_savepoint();
  }
  return judgements;
}

}  // namespace hangar::batch
