#include "hangar/table.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace hangar {

bool operator==(const Cell& left, const Cell& right) noexcept {
  if (left.kind_ != right.kind_) return false;
  switch (left.kind_) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      return true;
    case Cell::Kind::uuid:
      return left.uuid_ == right.uuid_;
    case Cell::Kind::int4:
      return left.int4_ == right.int4_;
    case Cell::Kind::timestamp:
    case Cell::Kind::interval:
      return left.micros_ == right.micros_;
    case Cell::Kind::boolean:
    case Cell::Kind::int8:
      return left.int8_ == right.int8_;
    case Cell::Kind::float8:
      return left.float8_ == right.float8_;
    case Cell::Kind::text:
    case Cell::Kind::bytes:
      return left.text_ == right.text_;
  }
  return false;
}

std::weak_ordering compare(const Cell& left, const Cell& right) noexcept {
  if (left.kind_ != right.kind_) return left.kind_ <=> right.kind_;
  switch (left.kind_) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      break;
    case Cell::Kind::uuid:
      return left.uuid_ <=> right.uuid_;
    case Cell::Kind::int4:
      return left.int4_ <=> right.int4_;
    case Cell::Kind::timestamp:
    case Cell::Kind::interval:
      return left.micros_ <=> right.micros_;
    case Cell::Kind::boolean:
    case Cell::Kind::int8:
      return left.int8_ <=> right.int8_;
    case Cell::Kind::float8:
      return std::weak_order(left.float8_, right.float8_);
    case Cell::Kind::text:
    case Cell::Kind::bytes:
      return left.text_ <=> right.text_;
  }
  return std::weak_ordering::equivalent;
}

Rows::Rows(const Table& table)
    : table_{&table},
      width_{table.columns.size()},
      texts_{std::make_unique<std::pmr::monotonic_buffer_resource>()} {
  if (width_ == 0) throw std::logic_error{"table " + std::string{table.name} + " has no column"};
}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

std::span<Cell> Rows::add() {
  cells_.resize(cells_.size() + width_);
  return std::span{cells_}.last(width_);
}

std::string_view Rows::keep(std::string_view text) {
  // These rows may have been moved away.
  if (!texts_) texts_ = std::make_unique<std::pmr::monotonic_buffer_resource>();
  auto* copy = static_cast<char*>(texts_->allocate(text.size() + 1, 1));
  std::ranges::copy(text, copy);
  return {copy, text.size()};
}

}  // namespace hangar
