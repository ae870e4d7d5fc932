#include "storage/declared_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace hangar {

Session& DeclaredSession::of(const Table& table) const {
  if (std::ranges::find(tables_, &table) == tables_.end() &&
      std::ranges::find(tables_, table.name, &Table::name) == tables_.end()) {
    throw std::logic_error{fmt::format(
        "table {} is not one that the service declares: name it in the tables of its `needs`",
        table.name)};
  }
  return session_;
}

}  // namespace hangar
