#include "prefect_url.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "connection_options.hpp"
#include "hangar/error.hpp"
#include "hangar/prefect_database.hpp"

namespace hangar::postgres {
namespace {

using Variables = std::map<std::string, std::string>;

const std::string server = "PREFECT_SERVER_DATABASE_";
const std::string connect_args = server + "SQLALCHEMY_CONNECT_ARGS_";

/// The parts of a database, with these in addition.
Variables parts(const Variables& more = {}) {
  Variables all{{server + "DRIVER", "postgresql+asyncpg"},
                {server + "HOST", "db"},
                {server + "USER", "me"},
                {server + "NAME", "prefect"}};
  for (const auto& [name, value] : more) all[name] = value;
  return all;
}

Variables url(const std::string& value, const Variables& more = {}) {
  Variables all{{server + "CONNECTION_URL", value}};
  all.insert(more.begin(), more.end());
  return all;
}

std::string url_of(const Variables& variables) {
  OtherVariables others{variables};
  try {
    return prefect_url(others).value_or("(none)");
  } catch (const ConfigError& error) {
    return error.what();
  }
}

struct UrlCase {
  Variables variables;
  std::string url;
};

// Each as Prefect 3.9.1 has it, with every part encoded.
TEST(PrefectUrl, is_the_one_that_prefect_builds) {
  const UrlCase cases[] = {
      {{}, "(none)"},
      {parts(), "postgresql+asyncpg://me@db:5432/prefect"},
      {parts({{server + "PORT", "6543"}, {server + "PASSWORD", "p@ss:/?#% +w&="}}),
       "postgresql+asyncpg://me:p%40ss%3A%2F%3F%23%25%20%2Bw%26%3D@db:6543/prefect"},
      {parts({{server + "HOST", "::1"}, {server + "USER", "m@e"}}),
       "postgresql+asyncpg://m%40e@[::1]:5432/prefect"},
      {{{"PREFECT_API_DATABASE_DRIVER", "postgresql+asyncpg"},
        {"PREFECT_API_DATABASE_HOST", "old"},
        {server + "HOST", "new"},
        {"PREFECT_API_DATABASE_USER", "me"},
        {"PREFECT_API_DATABASE_NAME", "x"},
        {"PREFECT_API_DATABASE_PORT", "1"},
        {"PREFECT_API_DATABASE_PASSWORD", "p"}},
       "postgresql+asyncpg://me:p@new:1/x"},
      {parts({{server + "HOST", ""}}), server + "HOST: set it too, Prefect needs it"},
      {parts({{server + "PORT", "5432x"}}), server + "PORT: expected a port, 1 to 65535"},
      {parts({{server + "DRIVER", "sqlite+aiosqlite"}}), "(none)"},
      {{{server + "HOST", "db"}, {server + "NAME", "x"}}, "(none)"},
      {url("postgresql+asyncpg://a/b", parts()), "postgresql+asyncpg://a/b"},
      {url("sqlite+aiosqlite:///x.db", parts()), "(none)"},
      {url("postgresql+asyncpg://u:${PREFECT_API_DATABASE_PASSWORD}@a/${b}",
           {{server + "PASSWORD", "${x}$$"}}),
       "postgresql+asyncpg://u:${x}$$@a/${b}"},
      {url("postgresql+asyncpg://u:${PREFECT_SERVER_DATABASE_PASSWORD}@a/b"),
       server + "PASSWORD is not set, but the URL of the database names it"},
  };
  for (const UrlCase& one : cases) EXPECT_EQ(url_of(one.variables), one.url);
}

TEST(PrefectUrl, every_part_arrives_as_it_was) {
  const std::string odd = "a/b?c#d@e%f g:h&i=j'k\\l";
  StorageOptions options;
  options.url = url_of(parts({{server + "USER", odd},
                              {server + "PASSWORD", odd},
                              {connect_args + "APPLICATION_NAME", odd}}));
  auto read = connection_options(options, [](const std::string&) { return std::nullopt; });
  EXPECT_EQ(read["user"], odd);
  EXPECT_EQ(read["password"], odd);
  EXPECT_EQ(read["application_name"], odd);
  EXPECT_EQ(read["dbname"], "prefect");
}

TEST(PrefectUrl, connect_args_are_parameters_of_libpq) {
  const std::string begin = "postgresql+asyncpg://a/b?";
  const std::string system = "sslrootcert=%2Fetc%2Fssl%2Fcerts%2Fca-certificates.crt";
  const std::string tls = connect_args + "TLS_";
  const std::pair<Variables, std::string> cases[] = {
      {{{connect_args + "SEARCH_PATH", "my schema, public"}},
       "options=-csearch_path%3Dmy%5C%20schema%2C%5C%20public"},
      {{{connect_args + "APPLICATION_NAME", "prefect"}}, "application_name=prefect"},
      {{{server + "CONNECTION_TIMEOUT", "2.5"}}, "connect_timeout=3"},
      {{{"PREFECT_API_DATABASE_CONNECTION_TIMEOUT", "7"}}, "connect_timeout=7"},
      {{{tls + "ENABLED", "True"}}, "sslmode=verify-full&" + system},
      {{{tls + "ENABLED", "1"}, {tls + "CHECK_HOSTNAME", "false"}}, "sslmode=verify-ca&" + system},
      {{{tls + "ENABLED", "on"}, {"SSL_CERT_FILE", "/c"}}, "sslmode=verify-full&sslrootcert=%2Fc"},
      {{{tls + "ENABLED", "true"},
        {tls + "CA_FILE", "/ca"},
        {tls + "CERT_FILE", "/c"},
        {tls + "KEY_FILE", "/k"}},
       "sslmode=verify-full&sslrootcert=%2Fca&sslcert=%2Fc&sslkey=%2Fk"},
      {{{tls + "ENABLED", "true"}, {tls + "CA_FILE", "/ca"}, {tls + "CERT_FILE", "/c"}},
       "sslmode=verify-full&sslrootcert=%2Fca"},
  };
  for (const auto& [variables, query] : cases) {
    EXPECT_EQ(url_of(url("postgresql+asyncpg://a/b", variables)), begin + query);
  }
  EXPECT_EQ(url_of(url("postgresql+asyncpg://a/b",
                       {{tls + "ENABLED", "false"}, {tls + "CA_FILE", "/ca"}})),
            "postgresql+asyncpg://a/b");
  EXPECT_EQ(url_of(url("postgresql+asyncpg://a/b", {{tls + "ENABLED", "maybe"}})),
            tls + "ENABLED: expected true or false");
}

TEST(PrefectUrl, connect_args_win_over_the_urls_own_parameters) {
  EXPECT_EQ(
      url_of(url("postgresql+asyncpg://u:p?w@a/b?ssl=disable&x=1&sslrootcert=y",
                 {{connect_args + "TLS_ENABLED", "true"}, {connect_args + "TLS_CA_FILE", "/ca"}})),
      "postgresql+asyncpg://u:p?w@a/b?x=1&sslmode=verify-full&sslrootcert=%2Fca");
}

TEST(PrefectUrl, what_is_not_taken_is_known) {
  const Variables variables =
      url("postgresql+asyncpg://a/b", {{server + "HOST", "x"},
                                       {server + "PASSWORD", "x"},
                                       {server + "ECHO", "true"},
                                       {connect_args + "SEARCH_PATH", "s"},
                                       {connect_args + "STATEMENT_CACHE_SIZE", "0"},
                                       {connect_args + "TLS_CA_FILE", "/ca"}});
  OtherVariables others{variables};
  static_cast<void>(prefect_url(others));
  std::set<std::string> untaken;
  for (const auto& [name, value] : variables) {
    if (!others.taken().contains(name)) untaken.insert(name);
  }
  EXPECT_EQ(untaken,
            (std::set{server + "HOST", server + "PASSWORD", server + "ECHO",
                      connect_args + "STATEMENT_CACHE_SIZE", connect_args + "TLS_CA_FILE"}));
}

}  // namespace
}  // namespace hangar::postgres
