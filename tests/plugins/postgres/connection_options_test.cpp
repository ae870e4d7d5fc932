#include "connection_options.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

using Variables = std::map<std::string, std::string>;

ConnectionOptions options(const std::string& url, const Variables& variables = {}) {
  StorageOptions given;
  given.url = url;
  given.application_name = "hangar/recorder";
  return connection_options(given, [&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional{found->second};
  });
}

std::string option(const ConnectionOptions& from, const std::string& keyword) {
  const auto found = from.find(keyword);
  return found == from.end() ? "(none)" : found->second;
}

std::string url_refusal(const std::string& url) {
  try {
    options(url);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "(accepted)";
}

TEST(ConnectionOptions, every_form_of_a_url_names_the_same_server) {
  for (const char* url :
       {"postgresql://me:p%40ss@db:6543/prefect", "postgres://me:p%40ss@db:6543/prefect",
        "postgresql+asyncpg://me:p%40ss@db:6543/prefect",
        "postgresql+psycopg2://me:p%40ss@db:6543/prefect",
        "postgresql+psycopg://me:p%40ss@db:6543/prefect?",
        "host=db port=6543 user=me password=p@ss dbname=prefect",
        "host='db' port=6543 user=me password='p@ss' dbname=prefect"}) {
    const ConnectionOptions found = options(url);
    EXPECT_EQ(option(found, "host"), "db") << url;
    EXPECT_EQ(option(found, "port"), "6543") << url;
    EXPECT_EQ(option(found, "user"), "me") << url;
    EXPECT_EQ(option(found, "password"), "p@ss") << url;
    EXPECT_EQ(option(found, "dbname"), "prefect") << url;
  }
}

TEST(ConnectionOptions, several_servers_keep_their_order_and_ports) {
  const std::pair<const char*, std::pair<const char*, const char*>> cases[] = {
      {"postgresql+asyncpg://u:p@/db?host=a:5432&host=b:5433", {"a,b", "5432,5433"}},
      {"postgresql+asyncpg://u:p@/db?host=a,b&port=5432,5433", {"a,b", "5432,5433"}},
      {"postgresql://u:p@a:5432,b/db", {"a,b", "5432,"}},
      {"postgresql://u:p@a,b/db", {"a,b", "(none)"}},
      {"postgresql://u:p@[::1]:5432/db", {"::1", "5432"}},
      {"postgresql://u:p@/db?host=/run/postgresql&port=6", {"/run/postgresql", "6"}},
  };
  for (const auto& [url, expected] : cases) {
    const ConnectionOptions found = options(url);
    EXPECT_EQ(option(found, "host"), expected.first) << url;
    EXPECT_EQ(option(found, "port"), expected.second) << url;
    EXPECT_EQ(option(found, "password"), "p") << url;
  }
}

TEST(ConnectionOptions, a_password_may_look_like_a_url) {
  EXPECT_EQ(option(options("host=db password=a://b"), "password"), "a://b");
}

TEST(ConnectionOptions, defaults_notice_a_dead_peer_and_want_a_writable_server) {
  const ConnectionOptions found = options("");
  EXPECT_EQ(option(found, "connect_timeout"), "5");
  EXPECT_EQ(option(found, "keepalives_idle"), "5");
  EXPECT_EQ(option(found, "keepalives_interval"), "2");
  EXPECT_EQ(option(found, "keepalives_count"), "3");
  EXPECT_EQ(option(found, "tcp_user_timeout"), "10000");
  EXPECT_EQ(option(found, "target_session_attrs"), "read-write");
  EXPECT_EQ(option(found, "application_name"), "hangar/recorder");
  EXPECT_EQ(option(found, "client_encoding"), "UTF8");
  EXPECT_EQ(option(found, "host"), "(none)");
}

TEST(ConnectionOptions, what_the_url_says_wins_over_the_defaults) {
  const ConnectionOptions found = options(
      "postgresql://db/x?connect_timeout=9&keepalives_idle=8&tcp_user_timeout=7&"
      "target_session_attrs=any&application_name=mine&sslmode=require");
  EXPECT_EQ(option(found, "connect_timeout"), "9");
  EXPECT_EQ(option(found, "keepalives_idle"), "8");
  EXPECT_EQ(option(found, "tcp_user_timeout"), "7");
  EXPECT_EQ(option(found, "target_session_attrs"), "any");
  EXPECT_EQ(option(found, "application_name"), "mine");
  EXPECT_EQ(option(found, "sslmode"), "require");
}

TEST(ConnectionOptions, what_the_environment_says_wins_over_the_defaults) {
  const ConnectionOptions found = options("host=db", {{"PGCONNECT_TIMEOUT", "9"},
                                                      {"PGTARGETSESSIONATTRS", "any"},
                                                      {"PGAPPNAME", "mine"},
                                                      {"PGSSLMODE", "disable"}});
  for (const char* keyword :
       {"connect_timeout", "target_session_attrs", "application_name", "sslmode"}) {
    EXPECT_EQ(option(found, keyword), "(none)") << keyword;
  }
}

TEST(ConnectionOptions, a_service_file_is_left_to_say_everything) {
  for (const ConnectionOptions& found :
       {options("service=prefect"), options("", {{"PGSERVICE", "prefect"}})}) {
    EXPECT_EQ(option(found, "connect_timeout"), "(none)");
    EXPECT_EQ(option(found, "application_name"), "(none)");
  }
}

TEST(ConnectionOptions, only_other_machines_must_prove_who_they_are) {
  for (const char* here :
       {"", "postgresql:///x", "postgresql://localhost/x", "postgresql://127.0.0.1/x",
        "postgresql://127.1.2.3/x", "postgresql://[::1]/x", "postgresql://%2Frun%2Fpg/x",
        "host=/run/postgresql", "host=@socket", "postgresql://localhost:1,127.0.0.1:2/x"}) {
    EXPECT_EQ(option(options(here), "sslmode"), "(none)") << here;
  }
  for (const char* elsewhere :
       {"postgresql://db/x", "postgresql://10.0.0.1/x", "postgresql://localhost,db/x",
        "host=localhost hostaddr=10.0.0.1", "postgresql+asyncpg://127.example.com.evil/x"}) {
    // A name that begins like a loopback address is a name.
    EXPECT_EQ(option(options(elsewhere), "sslmode"), "verify-full") << elsewhere;
  }
  EXPECT_EQ(option(options("", {{"PGHOST", "db"}}), "sslmode"), "verify-full");
  EXPECT_EQ(option(options("host=localhost", {{"PGHOST", "db"}}), "sslmode"), "(none)");
}

TEST(ConnectionOptions, the_ssl_word_of_asyncpg_is_understood) {
  const Variables modes{{"require", "require"},     {"verify-full", "verify-full"},
                        {"verify-ca", "verify-ca"}, {"prefer", "prefer"},
                        {"allow", "allow"},         {"disable", "disable"},
                        {"true", "require"},        {"True", "require"},
                        {"false", "disable"},       {"verify_full", "verify-full"}};
  for (const auto& [word, mode] : modes) {
    EXPECT_EQ(option(options("postgresql+asyncpg://db/x?ssl=" + word), "sslmode"), mode) << word;
  }
}

TEST(ConnectionOptions, what_only_sqlalchemy_understands_is_dropped) {
  const ConnectionOptions found = options(
      "postgresql+asyncpg://db/x?prepared_statement_cache_size=0&ssl=disable&"
      "statement_cache_size=0&command_timeout=5&async_fallback=true");
  EXPECT_EQ(option(found, "sslmode"), "disable");
  EXPECT_EQ(option(found, "dbname"), "x");
}

TEST(ConnectionOptions, an_unknown_parameter_is_named) {
  EXPECT_NE(url_refusal("postgresql://db/x?sslmod=require").find("'sslmod'"), std::string::npos);
}

TEST(ConnectionOptions, other_databases_are_refused_with_the_way_out) {
  EXPECT_NE(url_refusal("sqlite+aiosqlite:///x.db").find("storage.type: sqlite"),
            std::string::npos);
  EXPECT_NE(url_refusal("mysql://db/x").find("postgresql://"), std::string::npos);
}

TEST(ConnectionOptions, a_refusal_never_shows_the_password) {
  for (const char* url :
       {"postgresql://me:hunter2@[db/x", "postgresql://me:hunter2", "postgresql://me:hun/ter2",
        "postgresql://me:hunter2%00@db/x", "mysql://me:hunter2@db/x", "password='hunter2",
        "host=db hunter2", "postgresql://me@db/x?passwort=hunter2",
        "postgresql://me:a@b?hunter2=1@db", "postgresql://me:a@b?sslmode=1&hunter2=x@db",
        "postgresql://db/x?sslmode=hunter2", "connect_timeout=hunter2", "postgresql:/me:hunter2@db",
        "postgresql://db/x?target_session_attrs=hunter2", "postgresql://db/x?port=hunter2",
        "postgresql://db/x?server_settings=hunter2"}) {
    const std::string message = url_refusal(url);
    EXPECT_NE(message, "(accepted)") << url;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
    EXPECT_EQ(message.find("ter2"), std::string::npos) << message;
  }
}

TEST(ConnectionOptions, a_newer_url_brings_its_user_and_password_and_nothing_else) {
  const ConnectionOptions old = options("postgresql://me:old@db:6543/prefect");
  ConnectionOptions expected = old;
  expected["password"] = "new";
  EXPECT_EQ(with_identity_of(old, "postgresql+asyncpg://me:new@other/elsewhere"), expected);
  expected["user"] = "you";
  expected.erase("password");
  EXPECT_EQ(with_identity_of(old, "postgresql://you@db"), expected);
  for (const char* unreadable : {"", "mysql://me:new@db", "postgresql://me:new@[db"}) {
    EXPECT_EQ(with_identity_of(old, unreadable), old) << unreadable;
  }
}

TEST(ConnectionOptions, variables_that_lead_rows_elsewhere_beside_a_url_are_known) {
  using Names = std::vector<std::string>;
  const std::map<std::string, std::string> set{{"PGOPTIONS", "-csearch_path=s"},
                                               {"PGHOSTADDR", "192.0.2.1"},
                                               {"PGSERVICE", "s"},
                                               {"PGDATABASE", "d"},
                                               {"PGSSLMODE", "require"},
                                               {"PGAPPNAME", ""}};
  const auto beside = [&](const std::string& url) {
    return variables_beside(url, OtherVariables{set});
  };
  const Names all{"PGOPTIONS", "PGHOSTADDR", "PGSERVICE"};
  EXPECT_EQ(beside("postgresql://h/d"), all);
  EXPECT_EQ(beside("host=h dbname=d"), all);
  EXPECT_EQ(beside("postgresql+asyncpg://h/d?options=-csearch_path%3Dp"),
            (Names{"PGHOSTADDR", "PGSERVICE"}));
  EXPECT_EQ(beside("service=s hostaddr=127.0.0.1"), Names{"PGOPTIONS"});
  EXPECT_EQ(beside(""), Names{}) << "everything is left to them";
  EXPECT_EQ(beside("postgresql://[h"), Names{});
  EXPECT_EQ(variables_beside("postgresql://h/d", OtherVariables{{}}), Names{});
}

// libpq would say so of some only when it connects, and leave a certificate out without a word.
TEST(ConnectionOptions, files_of_tls_are_there_and_a_key_is_for_its_user_alone) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path{testing::TempDir()} / ("hangar-tls-" + std::to_string(getpid()));
  fs::create_directories(folder);
  const std::string file = folder / "file";
  std::ofstream{file} << "x";
  const auto said = [&](const std::string& query, const Variables& variables = {}) {
    try {
      check_files(options("postgresql://h/d?" + query, variables), [&](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional{found->second};
      });
    } catch (const ConfigError& error) {
      return std::string{error.what()};
    }
    return std::string{"(accepted)"};
  };
  fs::permissions(file, fs::perms{0600});
  for (const std::string& query :
       {"sslrootcert=" + file, fmt::format("sslcert={0}&sslkey={0}", file),
        std::string{"application_name=x"}, std::string{"sslrootcert=system"},
        std::string{"sslkey=pkcs11:x"}, std::string{"sslmode=disable&sslcert=/none/c"}}) {
    EXPECT_EQ(said(query), "(accepted)") << query;
  }
  EXPECT_EQ(said("sslrootcert=/none/ca"),
            "storage.url: sslrootcert: cannot read '/none/ca': No such file or directory");
  EXPECT_EQ(said("sslcert=" + folder.string()),
            "storage.url: sslcert: '" + folder.string() + "' is no file");
  EXPECT_EQ(said("application_name=x", {{"PGSSLCRL", "/none/crl"}}),
            "PGSSLCRL: cannot read '/none/crl': No such file or directory");
  fs::permissions(file, fs::perms{0604});
  EXPECT_NE(said("sslkey=" + file).find("chmod 600"), std::string::npos);
  EXPECT_EQ(said("sslcert=" + file), "(accepted)");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace hangar::postgres
