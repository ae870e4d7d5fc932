#pragma once

#include <vector>

#include "hangar/batch_target.hpp"

namespace hangar::batch {

enum class Judgement {
  database_at_fault,  ///< It does not take what it took before either.
  item_at_fault,      ///< It takes what it took before, and not this item.
  accepted,           ///< It takes the item now, or would if nobody had locked its rows.
};

/// Whose fault refusals are, of each item alone, told in one transaction, in which nobody changes
/// the tables. The transaction must be rolled back. Throws TransientError when the database cannot
/// tell now.
std::vector<Judgement> judge(Session& session, const WriteProof& proof, AnyItems items,
                             BatchTarget& target);

}  // namespace hangar::batch
