#pragma once

#include <vector>

#include "hangar/batch_target.hpp"

/// The calls of a BatchTransaction, with their answers held to what it says of them: each throws
/// std::logic_error for one that would be taken for something else.
namespace hangar::batch {

Written write(BatchTransaction& transaction, Session& session, AnyItems items, WriteCall& call);
/// Whether each item reaches what is locked.
std::vector<bool> find_unlocked(BatchTransaction& transaction, Session& session, AnyItems items);
/// Whether each item is an orphan; empty where that cannot be told.
std::vector<bool> orphans(BatchTransaction& transaction, Session& session, AnyItems items);

}  // namespace hangar::batch
