#include "sqlstate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hangar::postgres {
namespace {

using enum TransientError::Retry;

constexpr Verdict transient(TransientError::Retry retry) { return {retry, {}}; }
constexpr Verdict data(std::string_view reason) { return {std::nullopt, reason}; }

struct Entry {
  std::string_view code;  // five characters, or two for the rest of a class
  Verdict verdict;
};

// Exact codes first; a class speaks for the codes of it that are not named.
constexpr std::array entries{
    Entry{"08", transient(reconnect)},
    Entry{"0A000", transient(reconnect)},  // "cached plan must not change result type"
    Entry{"21000", data("unknown")},
    Entry{"22001", data("out_of_range")},
    Entry{"22003", data("out_of_range")},
    Entry{"22007", data("invalid_text")},
    Entry{"22008", data("out_of_range")},
    Entry{"22009", data("out_of_range")},
    Entry{"22015", data("out_of_range")},
    Entry{"22021", data("invalid_text")},
    Entry{"22030", data("invalid_text")},
    Entry{"22032", data("invalid_text")},
    Entry{"22P02", data("invalid_text")},
    Entry{"22P03", data("invalid_text")},
    Entry{"22P05", data("nul_byte")},
    Entry{"22", data("unknown")},
    Entry{"23502", data("not_null")},
    Entry{"23503", data("foreign_key")},
    Entry{"23505", transient(conflict)},
    Entry{"23514", data("check")},
    Entry{"23", data("unknown")},
    Entry{"25001", transient(reconnect)},
    Entry{"25006", transient(reconnect)},
    Entry{"25P02", transient(reconnect)},
    Entry{"25P03", transient(reconnect)},
    Entry{"26000", transient(reconnect)},
    Entry{"28", transient(when_answerable)},
    Entry{"3D000", transient(when_answerable)},
    Entry{"3F000", transient(when_answerable)},
    Entry{"40001", transient(at_once)},
    Entry{"40003", transient(reconnect)},
    Entry{"40P01", transient(at_once)},
    Entry{"40", transient(backoff)},
    Entry{"42P05", transient(reconnect)},
    Entry{"42", transient(when_answerable)},
    Entry{"53100", transient(when_answerable)},
    Entry{"53", transient(reconnect)},
    Entry{"54000", data("index_row_too_large")},
    Entry{"54001", data("too_deep")},
    Entry{"54011", data("unknown")},
    Entry{"54023", data("unknown")},
    Entry{"55", transient(backoff)},
    Entry{"57014", transient(backoff)},
    Entry{"57P", transient(reconnect)},
    Entry{"58", transient(when_answerable)},
    Entry{"F0", transient(when_answerable)},
    Entry{"XX001", transient(when_answerable)},
    Entry{"XX002", transient(when_answerable)},
};

std::string describe(std::string_view doing, const Failure& failure) {
  // The message may quote the data; a line of it is enough to understand the fault.
  constexpr std::size_t longest = 300;
  std::string_view message = failure.message;
  message = message.substr(0, std::min(longest, message.find_last_not_of(" \n") + 1));
  std::string text = fmt::format("PostgreSQL: {}: {}", doing, message);
  if (!failure.sqlstate.empty()) text += fmt::format(" (SQLSTATE {})", failure.sqlstate);
  if (!failure.table.empty()) text += fmt::format("; table {}", failure.table);
  if (!failure.column.empty()) text += fmt::format("; column {}", failure.column);
  if (!failure.constraint.empty()) text += fmt::format("; constraint {}", failure.constraint);
  return text;
}

std::string_view hint(std::string_view sqlstate) {
  if (sqlstate.starts_with("28")) return "; check user, password and pg_hba.conf";
  if (sqlstate == "3D000") return "; create the database or correct storage.url";
  if (sqlstate == "42501") return "; grant SELECT, INSERT and UPDATE on the table to this user";
  if (sqlstate == "42P01" || sqlstate == "42703" || sqlstate == "42704" || sqlstate == "42804") {
    return "; the schema changed or is being migrated: for Prefect's tables run `prefect server "
           "database upgrade -y`";
  }
  if (sqlstate == "53100") return "; free space on the database's disk";
  if (sqlstate == "53300") return "; raise max_connections or lower the number of lanes";
  if (sqlstate == "25006") return "; this server is read-only: connect to the primary";
  return {};
}

}  // namespace

Verdict judge(std::string_view sqlstate, std::string_view message) {
  if (sqlstate.empty()) return transient(reconnect);
  // Only the raw byte is named in hexadecimal, in every language of the server.
  if (sqlstate == "22021" && message.ends_with(": 0x00")) return data("nul_byte");
  const Entry* best = nullptr;
  for (const Entry& entry : entries) {
    if (sqlstate.starts_with(entry.code) &&
        (best == nullptr || entry.code.size() > best->code.size())) {
      best = &entry;
    }
  }
  return best == nullptr ? transient(unknown) : best->verdict;
}

void raise(std::string_view doing, const Failure& failure) {
  const Verdict verdict = judge(failure.sqlstate, failure.message);
  const std::string text = describe(doing, failure);
  if (!verdict.retry) {
    throw DataError{std::string{verdict.reason}, text, {}, failure.sqlstate, failure.constraint};
  }
  throw TransientError{text + std::string{hint(failure.sqlstate)}, *verdict.retry,
                       failure.sqlstate};
}

std::string_view connect_sqlstate(std::string_view text) {
  constexpr std::size_t length = 5;
  const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  std::string_view found;
  for (std::size_t at = text.find(":  "); at != text.npos; at = text.find(":  ", at + 1)) {
    const std::string_view code = text.substr(at + 3, length);
    const std::string_view rest = text.substr(std::min(text.size(), at + 3 + length));
    if (code.size() == length && std::ranges::all_of(code, is_code) && rest.starts_with(": ")) {
      found = code;
    }
  }
  return found;
}

}  // namespace hangar::postgres
