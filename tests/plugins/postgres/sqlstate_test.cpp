#include "sqlstate.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace hangar::postgres {
namespace {

using enum TransientError::Retry;

// The taxonomy, code by code.
const std::map<std::string, TransientError::Retry> transient{{"", reconnect},
                                                             {"08000", reconnect},
                                                             {"08001", reconnect},
                                                             {"08003", reconnect},
                                                             {"08004", reconnect},
                                                             {"08006", reconnect},
                                                             {"08007", reconnect},
                                                             {"40003", reconnect},
                                                             {"40001", at_once},
                                                             {"40P01", at_once},
                                                             {"23505", conflict},
                                                             {"55P03", locked},
                                                             {"57014", backoff},
                                                             {"57P01", reconnect},
                                                             {"57P02", reconnect},
                                                             {"57P03", reconnect},
                                                             {"57P05", reconnect},
                                                             {"25006", reconnect},
                                                             {"25P02", reconnect},
                                                             {"25P03", reconnect},
                                                             {"25001", reconnect},
                                                             {"0A000", reconnect},
                                                             {"26000", reconnect},
                                                             {"42P05", reconnect},
                                                             {"53000", reconnect},
                                                             {"53200", reconnect},
                                                             {"53300", reconnect},
                                                             {"53400", reconnect},
                                                             {"53100", when_answerable},
                                                             {"58000", when_answerable},
                                                             {"58030", when_answerable},
                                                             {"XX001", when_answerable},
                                                             {"XX002", when_answerable},
                                                             {"XX000", unknown},
                                                             {"42P01", when_answerable},
                                                             {"42703", when_answerable},
                                                             {"42704", when_answerable},
                                                             {"42804", when_answerable},
                                                             {"42P10", when_answerable},
                                                             {"42883", when_answerable},
                                                             {"42501", when_answerable},
                                                             {"3F000", when_answerable},
                                                             {"3D000", when_answerable},
                                                             {"28000", when_answerable},
                                                             {"28P01", when_answerable},
                                                             {"F0000", when_answerable},
                                                             {"01000", unknown},
                                                             {"P0004", unknown},
                                                             {"55006", backoff},
                                                             {"40002", backoff},
                                                             {"99999", unknown}};

const std::map<std::string, std::string> data{{"22P05", "untranslatable_character"},
                                              {"22021", "invalid_text"},
                                              {"22P02", "invalid_text"},
                                              {"22P03", "invalid_text"},
                                              {"22003", "out_of_range"},
                                              {"22007", "invalid_text"},
                                              {"22008", "out_of_range"},
                                              {"22009", "out_of_range"},
                                              {"22015", "out_of_range"},
                                              {"22001", "out_of_range"},
                                              {"22023", "unknown"},
                                              {"22030", "invalid_text"},
                                              {"22032", "invalid_text"},
                                              {"22012", "unknown"},
                                              {"21000", "unknown"},
                                              {"54000", "index_row_too_large"},
                                              {"54001", "too_deep"},
                                              {"54011", "unknown"},
                                              {"54023", "unknown"},
                                              {"23502", "not_null"},
                                              {"23503", "foreign_key"},
                                              {"23514", "check"},
                                              {"23P01", "unknown"},
                                              {"23000", "unknown"},
                                              {"P0001", "raise_exception"}};

TEST(CopiedRow, is_read_of_the_context_in_any_language) {
  EXPECT_EQ(copied_row("COPY thing, line 3", "thing"), 2U);
  EXPECT_EQ(
      copied_row("PL/pgSQL function f(), line 7 at RAISE\nCOPY t2, Zeile 41, Spalte a9", "t2"),
      40U);
  EXPECT_EQ(copied_row("COPY thing, \u884c 12", "thing"), 11U);
  for (const char* none : {"", "COPY thing", "COPY thing, line x", "COPY other, line 3",
                           "SQL statement \"SELECT 1\"", "COPY thing, line 0"}) {
    EXPECT_EQ(copied_row(none, "thing"), std::nullopt) << none;
  }
}

TEST(Sqlstate, each_transient_code_says_when_to_try_again) {
  for (const auto& [code, retry] : transient) {
    EXPECT_EQ(judge(code), (Verdict{retry, {}})) << code;
  }
}

TEST(Sqlstate, each_data_code_has_its_reason) {
  for (const auto& [code, reason] : data) {
    EXPECT_EQ(judge(code), (Verdict{std::nullopt, reason})) << code;
  }
}

TEST(Sqlstate, only_known_codes_and_classes_22_and_23_blame_the_data) {
  const std::string digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const char first : digits) {
    for (const char second : digits) {
      const std::string family{first, second};
      const std::string code = family + "Z99";
      EXPECT_EQ(!judge(code).retry, family == "22" || family == "23") << code;
    }
  }
}

TEST(Sqlstate, a_nul_byte_is_told_from_other_bad_bytes_in_any_language) {
  EXPECT_EQ(judge("22021", "invalid byte sequence for encoding \"UTF8\": 0x00").reason, "nul_byte");
  EXPECT_EQ(judge("22021", "ungültige Byte-Sequenz für Kodierung »UTF8«: 0x00").reason, "nul_byte");
  EXPECT_EQ(judge("22021", "invalid byte sequence for encoding \"UTF8\": 0x00 0xff").reason,
            "invalid_text");
  EXPECT_EQ(judge("22021", "invalid byte sequence for encoding \"UTF8\": 0xc3").reason,
            "invalid_text");
}

TEST(Sqlstate, the_thrown_error_carries_code_and_place) {
  const Failure failure{.sqlstate = "23503",
                        .message = "violates foreign key constraint\n",
                        .table = "mark",
                        .column = "thing_id",
                        .constraint = "fk_mark"};
  try {
    raise("insert into mark", failure);
  } catch (const DataError& error) {
    EXPECT_EQ(error.reason(), "foreign_key");
    EXPECT_EQ(error.sqlstate(), "23503");
    EXPECT_EQ(error.pointer(), "");
    EXPECT_STREQ(error.what(),
                 "PostgreSQL: insert into mark: violates foreign key constraint (SQLSTATE 23503); "
                 "table mark; column thing_id; constraint fk_mark");
  }
  try {
    raise("update thing", {.sqlstate = "42501", .message = "permission denied for table thing"});
  } catch (const TransientError& error) {
    EXPECT_EQ(error.retry(), when_answerable);
    EXPECT_EQ(error.sqlstate(), "42501");
    EXPECT_NE(std::string{error.what()}.find("GRANT"), std::string::npos);
  }
  try {
    raise("read thing", {.sqlstate = "42501", .message = "no", .grant = "GRANT SELECT ON t"});
  } catch (const TransientError& error) {
    EXPECT_STREQ(error.what(), "PostgreSQL: read thing: no (SQLSTATE 42501); GRANT SELECT ON t");
  }
}

TEST(Sqlstate, what_the_code_does_not_tell_is_told_by_other_signs) {
  EXPECT_EQ(reason_by_signs("42501", "ExecWithCheckOptions", ""), "row_level_security");
  EXPECT_EQ(reason_by_signs("42501", "aclcheck_error", ""), "");
  EXPECT_EQ(reason_by_signs("22P05", "json_ereport_error", "\\u0000 kann nicht"), "nul_byte");
  EXPECT_EQ(reason_by_signs("22P05", "report_untranslatable_char", ""), "");
  EXPECT_EQ(reason_by_signs("0A000", "pg_unicode_to_server", ""), "untranslatable_character");
  EXPECT_EQ(reason_by_signs("0A000", "RevalidateCachedQuery", ""), "");
  EXPECT_EQ(judge({.sqlstate = "42501", .reason = "row_level_security"}),
            (Verdict{std::nullopt, "row_level_security"}));
}

TEST(Sqlstate, the_place_of_a_failure_is_told_in_any_language) {
  const std::pair<const char*, Place> cases[] = {
      {"", Place::statement},
      {"COPY thing, line 3", Place::statement},
      {"SQL statement \"SELECT 1 FROM ONLY \"public\".\"thing\" x\"", Place::statement},
      {"while inserting index tuple (0,3) in relation \"thing\"", Place::statement},
      {"JSON data, line 1: {\"a\": 1", Place::statement},
      {"unnamed portal with parameters: $1 = 'in PL/SQL'", Place::statement},
      {"PL/pgSQL function audit() line 3 at SQL statement", Place::function},
      {"SQL-Anweisung »INSERT INTO audit VALUES (1)«\nPL/pgSQL-Funktion audit() Zeile 3 bei X",
       Place::function},
      {"SQL function \"f\" statement 1", Place::function},
      {"PL/Python function \"f\"", Place::function},
  };
  for (const auto& [context, place] : cases) {
    EXPECT_EQ(place_of(context, "aclcheck_error", false), place) << context;
    EXPECT_EQ(place_of(context, "exec_stmt_raise", false), Place::raised) << context;
    EXPECT_EQ(place_of(context, "exec_stmt_raise", true), Place::statement) << context;
  }
}

// No list of codes: whoever writes a function chooses one.
TEST(Sqlstate, what_a_function_raises_is_about_its_row_whatever_its_code) {
  for (const auto& [code, retry] : transient) {
    if (code.empty()) continue;
    EXPECT_EQ(judge({.sqlstate = code, .place = Place::raised}),
              (Verdict{std::nullopt, "raise_exception"}))
        << code;
  }
  for (const auto& [code, reason] : data) {
    EXPECT_EQ(judge({.sqlstate = code, .place = Place::raised}), (Verdict{std::nullopt, reason}));
  }
}

TEST(Sqlstate, what_fails_in_a_function_is_about_its_row_unless_chance_or_the_machine_decides) {
  for (const char* code : {"42501", "42P01", "0A000", "25006", "2F005", "P0002", "XX000"}) {
    EXPECT_EQ(judge({.sqlstate = code, .place = Place::function}),
              (Verdict{std::nullopt, "unknown"}))
        << code;
  }
  for (const char* code : {"08001", "08006", "40001", "40P01", "23505", "53100", "53200", "55P03",
                           "57014", "58030", "HV00N"}) {
    EXPECT_EQ(judge({.sqlstate = code, .place = Place::function}), judge(code)) << code;
  }
}

std::string refused(const std::string& text, bool verifies = true) {
  try {
    raise_refused_connection(text, verifies);
  } catch (const TransientError& error) {
    return error.what();
  }
}

TEST(Sqlstate, a_refused_connection_says_what_mends_it_and_blames_no_row) {
  const std::string place = "connection to server at \"db\", port 5432 failed: ";
  const std::pair<std::string, std::string> cases[] = {
      {"could not translate host name \"db\" to address: Name or service not known",
       "correct the host in storage.url"},
      {place + "session is read-only", "default_transaction_read_only"},
      {place + "fe_sendauth: no password supplied", "give one in storage.url"},
      {place + "server does not support SSL, but SSL was required", "sslrootcert"},
      {place + "root certificate file \"/nowhere/root.crt\" does not exist", "sslrootcert"},
      {place + "FATAL:  53300: sorry, too many clients already", "CONNECTION LIMIT"},
      {place + "FATAL:  28P01: password authentication failed", "pg_hba.conf"},
      {place + "FATAL:  22023: invalid value for parameter", "options in storage.url"},
  };
  for (const auto& [text, remedy] : cases) {
    EXPECT_NE(refused(text).find(remedy), std::string::npos) << refused(text);
    EXPECT_EQ(refused(text).find("sslrootcert") != std::string::npos, remedy == "sslrootcert");
  }
  EXPECT_EQ(refused(place + "Connection refused"),
            "PostgreSQL: connect: " + place + "Connection refused");
  EXPECT_EQ(refused(place + "server does not support SSL", false).find("sslrootcert"),
            std::string::npos);
}

TEST(Sqlstate, a_host_that_does_not_resolve_is_never_named) {
  const std::string one = "could not translate host name \"a \"b\" to address: Unknown";
  const std::string hidden = refused(one + "; " + one + "; x FATAL:  28P01: y");
  EXPECT_EQ(hidden.find("a \"b"), std::string::npos) << hidden;
  EXPECT_NE(hidden.find("28P01"), std::string::npos) << hidden;
  EXPECT_EQ(refused("could not translate host name \"secret").find("secret"), std::string::npos);
}

TEST(Sqlstate, a_long_message_is_cut) {
  try {
    raise("insert into thing", {.sqlstate = "22P02", .message = std::string(10'000, 'x')});
  } catch (const DataError& error) {
    EXPECT_LT(std::string{error.what()}.size(), 400U);
  }
}

TEST(Sqlstate, a_refused_connection_shows_its_code_in_any_language) {
  const std::string place = "connection to server at \"127.0.0.1\", port 5432 failed: ";
  EXPECT_EQ(connect_sqlstate(place + "FATAL:  28P01: password authentication failed\n"), "28P01");
  EXPECT_EQ(connect_sqlstate(place + "KATASTROPHAL:  57P03: das Datenbanksystem startet\n"),
            "57P03");
  EXPECT_EQ(connect_sqlstate(place + "FATAL:  57P03: a\n" + place + "FATAL:  3D000: b\n"), "3D000");
  EXPECT_EQ(connect_sqlstate(place + "Connection refused\n\tIs the server running"), "");
  EXPECT_EQ(connect_sqlstate("FATAL:  28P0"), "");
  EXPECT_EQ(connect_sqlstate("FATAL:  "), "");
  EXPECT_EQ(connect_sqlstate(""), "");
}

}  // namespace
}  // namespace hangar::postgres
