#include "batch/judgement.hpp"

#include "batch/watched_session.hpp"

namespace hangar::batch {
namespace {

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

Judgement judge_one(Session& session, const detail::BatchItem* item, BatchTarget& target) {
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
    if (error.retry() != TransientError::Retry::locked) throw;
    return Judgement::accepted;
  }
}

}  // namespace

std::vector<Judgement> judge(Session& session, const WriteProof& proof, AnyItems items,
                             BatchTarget& target) {
  session.savepoint();
  try {
    WatchedSession watched{session};
    bool went_in = false;
    const bool is_refused = refused([&] { went_in = proof.goes_in_again(watched); });
    // What was there already shows nothing.
    if (is_refused || !went_in || watched.took().empty()) {
      return std::vector<Judgement>(items.size(), Judgement::database_at_fault);
    }
  } catch (const TransientError& error) {
    if (error.retry() != TransientError::Retry::locked) throw;
    return std::vector<Judgement>(items.size(), Judgement::accepted);
  }
  std::vector<Judgement> judgements;
  for (const detail::BatchItem* item : items) {
    session.savepoint();
    judgements.push_back(judge_one(session, item, target));
    session.rollback_to_savepoint();
  }
  return judgements;
}

}  // namespace hangar::batch
