#pragma once

#include <functional>
#include <span>

#include "hangar/storage.hpp"

namespace hangar::sqlite {

/// What a session has written, to be written again. It owns its values.
using WrittenCall = std::function<void(Session&)>;

WrittenCall inserted(const Rows& rows);
WrittenCall updated(const Rows& rows);
WrittenCall added(const Rows& rows, std::span<const std::size_t> columns);
WrittenCall erased(const Table& table, std::span<const Keys> keys);

}  // namespace hangar::sqlite
