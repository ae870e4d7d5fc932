#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "hangar/error.hpp"

namespace hangar::postgres {

/// What a failure means for the work: either when to try again, or why the data is refused.
struct Verdict {
  std::optional<TransientError::Retry> retry;  ///< Empty: the data is at fault.
  std::string_view reason{};                   ///< Of the data's fault; see `DataError::reason`.
  bool operator==(const Verdict&) const = default;
};

/// The verdict for every SQLSTATE, known or not; an empty one means that the session was lost. A
/// code that is not understood never blames the data, unless it is of class 22 or 23; P0001 is
/// what a function of the database raises on purpose. `message` is the server's, in any language.
/// Reasons: nul_byte, invalid_text, untranslatable_character, out_of_range, index_row_too_large,
/// too_deep, not_null, check, foreign_key, raise_exception, unknown; the verdict on a `Failure`
/// adds row_level_security.
[[nodiscard]] Verdict judge(std::string_view sqlstate, std::string_view message = {});

/// Where a statement failed.
enum class Place {
  statement,  ///< In the server's own work for it.
  function,   ///< In a function that a row of it calls: of a trigger, a CHECK, a default, a policy.
  raised,     ///< The same, by a RAISE, which may give any SQLSTATE.
};

/// The place, by the error's context and the function of the server that reported it, in any
/// language. `session_ended`: no function ends a session.
[[nodiscard]] Place place_of(std::string_view context, std::string_view source_function,
                             bool session_ended);

/// What the code alone does not tell of the data: the reason by the function of the server that
/// reported it and the error's detail, in any language; empty where the code says all.
[[nodiscard]] std::string_view reason_by_signs(std::string_view sqlstate,
                                               std::string_view source_function,
                                               std::string_view detail);

/// The line of the context that names the function; empty when none does.
[[nodiscard]] std::string_view function_in(std::string_view context);

/// A failed statement or connection, without statement text, parameters or passwords.
struct Failure {
  std::string sqlstate{};
  std::string message{};
  std::string table{};
  std::string column{};
  std::string constraint{};
  std::optional<std::size_t> row{};  ///< Of a call, as `Error::row`.
  std::string_view reason{};         ///< Of the data's fault, where more than the code tells it.
  std::string grant{};  ///< The statement that gives what is missing, where one is known.
  Place place = Place::statement;
  std::string function{};  ///< The function that failed, as the server names it.
};

/// The verdict on the failure as a whole. What a function raises is about the row that called it,
/// whatever code it chooses, and so is what fails in a function, except what is lost by chance
/// (races, locks, time) and what the machine lacks: the same function does without for other rows.
[[nodiscard]] Verdict judge(const Failure& failure);

/// The row, counted from 0, at which a COPY into the table failed, as the error's context names it
/// in any language; none where it does not.
[[nodiscard]] std::optional<std::size_t> copied_row(std::string_view context,
                                                    std::string_view table);

/// Throws the failure as its verdict demands: what was being done (`doing`, such as `insert into
/// task_run`), the server's own text, and what mends it.
[[noreturn]] void raise(std::string_view doing, const Failure& failure);

/// Throws TransientError for libpq's verbose text of a connection that could not be made, with what
/// mends it; `verifies`: the server must prove who it is. Never DataError. Names no host that does
/// not resolve.
[[noreturn]] void raise_refused_connection(std::string text, bool verifies);

/// The SQLSTATE in libpq's verbose text of a refused connection, `FATAL:  28P01: …` in any
/// language; the last one when several hosts refused; empty when none answered.
[[nodiscard]] std::string_view connect_sqlstate(std::string_view text);

}  // namespace hangar::postgres
