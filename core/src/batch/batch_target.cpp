#include "hangar/batch_target.hpp"

namespace hangar {

detail::BatchItem::~BatchItem() = default;

BatchTransaction::~BatchTransaction() = default;
void BatchTransaction::find(Session&, AnyItems) {}
std::vector<bool> BatchTransaction::find_unlocked(Session&, AnyItems) { return {}; }
std::vector<bool> BatchTransaction::orphans(Session&, AnyItems) { return {}; }
void BatchTransaction::committed() {}

WriteProof::~WriteProof() = default;

BatchTarget::~BatchTarget() = default;
std::shared_ptr<const WriteProof> BatchTarget::proof(const detail::BatchItem&) { return nullptr; }
std::optional<Rejection> BatchTarget::orphan(const DataError&) { return std::nullopt; }

}  // namespace hangar
