#include "sqlstate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

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
    Entry{"22P05", data("untranslatable_character")},
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
    Entry{"55P03", transient(locked)},
    Entry{"55", transient(backoff)},
    Entry{"57014", transient(backoff)},
    Entry{"57P", transient(reconnect)},
    Entry{"58", transient(when_answerable)},
    Entry{"F0", transient(when_answerable)},
    Entry{"P0001", data("raise_exception")},
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

struct Hint {
  std::string_view code;  // five characters, or two for the rest of a class
  std::string_view text;
};

constexpr std::string_view schema_changed =
    "the schema changed or is being migrated: for Prefect's tables run `prefect server database "
    "upgrade -y`";

// What a session asks for at its start, and is not a row's.
constexpr std::string_view refused_option =
    "; correct the options in storage.url, or ALTER ROLE … RESET the setting";

// What mends it. The server's own text stands before it and names what it refused.
constexpr std::array hints{
    Hint{"08P01",
         "if a pooler is between that does not know a parameter: ignore_startup_parameters in "
         "pgbouncer.ini"},
    Hint{"25006",
         "the server is read-only: name the primary in storage.url, or ALTER ROLE … RESET "
         "default_transaction_read_only (or ALTER DATABASE)"},
    Hint{"25P03", "see idle_in_transaction_session_timeout of the role, database and server"},
    Hint{"28", "check user, password and pg_hba.conf"},
    Hint{"3D000", "create the database or correct storage.url"},
    Hint{"3F000",
         "CREATE SCHEMA, or ALTER ROLE … SET search_path to one that exists and this user may use"},
    Hint{"42501",
         "GRANT what is missing: CONNECT on the database, USAGE on the schema, SELECT, INSERT and "
         "UPDATE on the table, a policy of row-level security; `hangar doctor` looks at each, and "
         "etc/docs/permissions.md has them all"},
    Hint{"428C9", "the column is generated: ALTER TABLE … ALTER COLUMN … DROP EXPRESSION"},
    Hint{"42P01", schema_changed},
    Hint{"42703", schema_changed},
    Hint{"42704", schema_changed},
    Hint{"42804", schema_changed},
    Hint{"53100", "free space on the database's disk"},
    Hint{"53200",
         "give the server more memory; where its text says shared memory, raise "
         "max_locks_per_transaction"},
    Hint{"53300",
         "raise the limit that the text names (max_connections of the server, or ALTER ROLE … or "
         "ALTER DATABASE … CONNECTION LIMIT), or lower the number of lanes"},
    Hint{"53400", "ALTER ROLE … SET temp_file_limit to more, or reset it"},
    Hint{"55000", "see the server's text; ALTER DATABASE … ALLOW_CONNECTIONS true if it says so"},
    Hint{"55P03",
         "somebody else holds a lock for long: SELECT pid, query FROM pg_stat_activity WHERE "
         "state <> 'idle' says who"},
    Hint{"57014",
         "it took longer than storage.statement_timeout, or somebody cancelled it: see "
         "pg_stat_activity for locks and slow statements, and the triggers of the table"},
    Hint{"57P05", "see idle_session_timeout of the role, database and server"},
    Hint{"58", "the server cannot use its own files: see its log"},
    Hint{"P0001", "a trigger or function of this database refuses it: see \\d of the table"},
    Hint{"XX001", "the server's files are damaged: see its log, then REINDEX or restore"},
    Hint{"XX002", "an index is damaged: REINDEX it"},
};

/// The longest entry that the code begins with.
template <class Entries>
auto best_of(const Entries& all, std::string_view sqlstate) {
  auto best = all.end();
  for (auto entry = all.begin(); entry != all.end(); ++entry) {
    const bool longer = best == all.end() || entry->code.size() > best->code.size();
    if (sqlstate.starts_with(entry->code) && longer) best = entry;
  }
  return best;
}

/// libpq quotes a host that does not resolve, and that may be a piece of a password which stands in
/// the wrong place. Whether there was one.
bool hide_unresolved(std::string& text) {
  constexpr std::string_view begin = "could not translate host name \"";
  constexpr std::string_view end = "\" to address";
  constexpr std::string_view instead = "the name of a host does not resolve";
  bool found = false;
  for (std::size_t at = text.find(begin); at != text.npos; at = text.find(begin, at)) {
    const std::size_t last = text.find(end, at);
    text.replace(at, last == text.npos ? last : last + end.size() - at, instead);
    found = true;
  }
  return found;
}

std::string hint(std::string_view sqlstate) {
  const auto found = best_of(hints, sqlstate);
  return found == hints.end() ? "" : fmt::format("; {}", found->text);
}

std::string what_mends(const Failure& failure, const Verdict& verdict) {
  if (failure.place != Place::statement) {
    return fmt::format(
        "; a trigger, rule, default, CHECK or policy of the table calls {}: mend the function, or "
        "what it says it lacks",
        failure.function.empty() ? "a function that refuses it" : failure.function);
  }
  if (verdict.reason == "untranslatable_character") {
    return "; the encoding of this database has no such character, UTF8 has all: `hangar doctor`";
  }
  return failure.grant.empty() ? hint(failure.sqlstate) : fmt::format("; {}", failure.grant);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether chance or the machine decides, and not what a function is given.
bool of_the_moment(std::string_view sqlstate) {
  // 08 and HV00N: the connection of a function to another database.
  constexpr std::array<std::string_view, 10> codes{"08", "23505", "40",    "53",    "55P03",
                                                   "57", "58",    "HV00N", "XX001", "XX002"};
  return std::ranges::any_of(codes, [&](auto code) { return sqlstate.starts_with(code); });
}

}  // namespace

Verdict judge(std::string_view sqlstate, std::string_view message) {
  if (sqlstate.empty()) return transient(reconnect);
  // Only the raw byte is named in hexadecimal, in every language of the server.
  if (sqlstate == "22021" && message.ends_with(": 0x00")) return data("nul_byte");
  const auto best = best_of(entries, sqlstate);
  return best == entries.end() ? transient(unknown) : best->verdict;
}

Place place_of(std::string_view context, std::string_view source_function, bool session_ended) {
  if (session_ended) return Place::statement;
  if (source_function == "exec_stmt_raise") return Place::raised;
  return function_in(context).empty() ? Place::statement : Place::function;
}

std::string_view reason_by_signs(std::string_view sqlstate, std::string_view source_function,
                                 std::string_view detail) {
  // The same code as without a privilege, but of one row.
  if (source_function == "ExecWithCheckOptions") return "row_level_security";
  // Of an escape in JSON: for U+0000 the code is that of a character that the encoding lacks, and
  // where the encoding is none (SQL_ASCII) that of something that is not supported.
  if (sqlstate == "22P05" && detail.find("\\u0000") != detail.npos) return "nul_byte";
  if (source_function == "pg_unicode_to_server") return "untranslatable_character";
  return {};
}

// The words around are translated. What a function of SQL did is told with a number at the end, a
// statement without a function, as a foreign key makes one, with its text in quotes.
std::string_view function_in(std::string_view context) {
  while (!context.empty()) {
    const std::string_view line = context.substr(0, context.find('\n'));
    context.remove_prefix(std::min(line.size() + 1, context.size()));
    const bool quotes = line.find(" = '") != line.npos;  // the values of parameters
    const bool of_sql = line.find("SQL") != line.npos && !line.empty() && is_digit(line.back());
    if (!quotes && (line.find("PL/") != line.npos || of_sql)) return line;
  }
  return {};
}

Verdict judge(const Failure& failure) {
  if (!failure.reason.empty()) return data(failure.reason);
  const Verdict verdict = judge(failure.sqlstate, failure.message);
  if (!verdict.retry) return verdict;
  if (failure.place == Place::raised) return data("raise_exception");
  const bool by_row = failure.place == Place::function && !of_the_moment(failure.sqlstate);
  return by_row ? data("unknown") : verdict;
}

void raise(std::string_view doing, const Failure& failure) {
  const Verdict verdict = judge(failure);
  const std::string text = describe(doing, failure) + what_mends(failure, verdict);
  if (!verdict.retry) {
    DataError error{std::string{verdict.reason}, text, {}, failure.sqlstate, failure.constraint};
    error.at_row(failure.row);
    throw error;
  }
  TransientError error{text, *verdict.retry, failure.sqlstate};
  if (error.row_may_be_at_fault()) error.at_row(failure.row);
  throw error;
}

std::optional<std::size_t> copied_row(std::string_view context, std::string_view table) {
  const std::string begin = fmt::format("COPY {}, ", table);
  const std::size_t line = context.rfind(begin);
  if (line == context.npos) return std::nullopt;
  context.remove_prefix(line + begin.size());
  context = context.substr(0, context.find('\n'));
  const std::size_t digit = context.find_first_of("0123456789");
  std::size_t number = 0;
  if (digit == context.npos ||
      std::from_chars(context.data() + digit, context.data() + context.size(), number).ec !=
          std::errc{} ||
      number == 0) {
    return std::nullopt;
  }
  return number - 1;
}

void raise_refused_connection(std::string text, bool verifies) {
  const bool unresolved = hide_unresolved(text);
  const std::string code{connect_sqlstate(text)};
  if (!code.empty()) {
    // No row has been sent, so none is at fault: what the options of the session ask for may be.
    const auto verdict = judge(code);
    const std::string mends = verdict.retry ? hint(code) : std::string{refused_option};
    throw TransientError{describe("connect", {.sqlstate = code, .message = text}) + mends,
                         verdict.retry.value_or(when_answerable), code};
  }
  const auto says = [&](std::string_view words) { return text.find(words) != text.npos; };
  std::string remedy;
  if (unresolved) {
    remedy = "; correct the host in storage.url, or this machine's /etc/hosts or DNS";
  } else if (says("session is read-only") || says("in hot standby mode")) {
    remedy = hint("25006");
  } else if (says("no password supplied")) {
    remedy = "; give one in storage.url";
  } else if (verifies && (says("SSL") || says("certificate"))) {
    remedy =
        "; servers on other machines must prove who they are: give sslrootcert=/path/to/ca.pem, "
        "or sslmode=require or disable in storage.url to do without";
  }
  throw TransientError{describe("connect", {.message = std::move(text)}) + remedy, reconnect};
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
