#pragma once

#include <string_view>
#include <variant>

#include "hangar/error.hpp"

namespace hangar::sqlite {

/// What a result code of SQLite means to the host (https://sqlite.org/rescode.html).
struct Failure {
  /// How to try again, or the reason word of a DataError.
  std::variant<TransientError::Retry, std::string_view> verdict;
  std::string_view advice;
};

/// Decides by the extended result code alone. A code of no known class is tried again, because
/// unknown never means drop.
Failure classify(int extended_code) noexcept;

/// Throws what `classify` says. `doing` names the step and the table, `message` is SQLite's own,
/// which names tables and columns and never a value.
[[noreturn]] void raise(int extended_code, std::string_view message, std::string_view doing);

}  // namespace hangar::sqlite
