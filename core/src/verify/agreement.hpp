#pragma once

#include <optional>
#include <string>

#include "hangar/storage.hpp"

namespace hangar {

/// Where a derived value and a stored one differ, as a person reads it.
struct Disagreement {
  std::string pointer{};  ///< Inside of JSON: a JSON pointer; else empty.
  std::string derived;
  std::string stored;
  bool operator==(const Disagreement&) const = default;
};

/// Nothing when both are the same value of the column. JSON is compared as values: the order of
/// members, blanks, escapes and the forms of a number do not count.
std::optional<Disagreement> disagreement(const Column& column, const Cell& derived,
                                         const Cell& stored);

/// The cell for a person, `NULL` for one, cut after 200 bytes.
std::string shown(const Cell& cell);
std::string shown(const Uuid& id);

}  // namespace hangar
