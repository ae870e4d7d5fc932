#include "storage/service_session.hpp"

#include <algorithm>

namespace hangar {

void ServiceSession::note(const Table& table) noexcept {
  const auto same = [&](const Table* one) { return one == &table || one->name == table.name; };
  undeclared_ = std::ranges::any_of(declared_, same) ? nullptr : &table;
}

}  // namespace hangar
