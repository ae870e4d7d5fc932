#include "database_url.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

std::string shown(const std::string& text) {
  const DatabaseUrl url = parse_database_url(text);
  std::string servers;
  for (const auto& [host, port] : url.servers) {
    servers +=
        fmt::format("{}{}{}{}", servers.empty() ? "" : " ", host, port.empty() ? "" : "|", port);
  }
  std::string query;
  for (const auto& [name, value] : url.query) {
    query += fmt::format("{}{}={}", query.empty() ? "" : " ", name, value);
  }
  return fmt::format("[{}] [{}] [{}] [{}] [{}]", url.user.value_or("-"), url.password.value_or("-"),
                     servers, url.database, query);
}

using Examples = std::vector<std::pair<std::string, std::string>>;

// User, password, servers, database and query: what SQLAlchemy 2's make_url and its asyncpg dialect
// made of these when the table was written.
const Examples as_sqlalchemy{
    {"://me:secret@db:6543/prefect", "[me] [secret] [db|6543] [prefect] []"},
    {"://me@db/prefect", "[me] [-] [db] [prefect] []"},
    {"://db/prefect", "[-] [-] [db] [prefect] []"},
    {"://db", "[-] [-] [db] [] []"},
    {":///prefect", "[-] [-] [] [prefect] []"},
    {"://me:@db/prefect", "[me] [] [db] [prefect] []"},
    {"://:secret@db/prefect", "[] [secret] [db] [prefect] []"},
    {"://me:p%40ss%2F%3F%23%25@db/prefect", "[me] [p@ss/?#%] [db] [prefect] []"},
    {"://me:p/ss@db/prefect", "[me] [p/ss] [db] [prefect] []"},
    {"://me:p?ss@db/prefect", "[me] [p?ss] [db] [prefect] []"},
    {"://me:p#ss@db/prefect", "[me] [p#ss] [db] [prefect] []"},
    {"://me:p:ss@db/prefect", "[me] [p:ss] [db] [prefect] []"},
    {"://me:p%ss@db/prefect", "[me] [p%ss] [db] [prefect] []"},
    {"://me:p%zz%4@db/prefect", "[me] [p%zz%4] [db] [prefect] []"},
    {"://me:p+ss@db/prefect", "[me] [p+ss] [db] [prefect] []"},
    {"://me:p ss@db/prefect", "[me] [p ss] [db] [prefect] []"},
    {"://me:p&s=s@db/prefect", "[me] [p&s=s] [db] [prefect] []"},
    {"://me:p[s]s@db/prefect", "[me] [p[s]s] [db] [prefect] []"},
    {R"(://me:p'"\`s@db/prefect)", R"([me] [p'"\`s] [db] [prefect] [])"},
    {"://me:1234/x?y@db:5432/prefect", "[me] [1234/x?y] [db|5432] [prefect] []"},
    {"://me:p://s@db/prefect", "[me] [p://s] [db] [prefect] []"},
    {"://me@tenant:secret@db/prefect", "[me@tenant] [secret] [db] [prefect] []"},
    {"://me%40tenant:secret@db/prefect", "[me@tenant] [secret] [db] [prefect] []"},
    {"://me:secret@db/pre%20fect", "[me] [secret] [db] [pre fect] []"},
    {"://me:secret@[::1]:5432/prefect", "[me] [secret] [::1|5432] [prefect] []"},
    {"://me:secret@[fe80::1%eth0]/prefect", "[me] [secret] [fe80::1%eth0] [prefect] []"},
    {"://me:secret@10.0.0.1:5432/prefect", "[me] [secret] [10.0.0.1|5432] [prefect] []"},
    {"://me:secret@/prefect?host=a:5432&host=b:5433", "[me] [secret] [a|5432 b|5433] [prefect] []"},
    {"://me:secret@/prefect?host=a,b&port=5432,5433", "[me] [secret] [a|5432 b|5433] [prefect] []"},
    {"://me:secret@/prefect?host=a:5432", "[me] [secret] [a|5432] [prefect] []"},
    {"://me:secret@c/prefect?host=a:5432&host=b:5432",
     "[me] [secret] [a|5432 b|5432] [prefect] []"},
    {"://me:secret@/prefect?host=/run/postgresql", "[me] [secret] [/run/postgresql] [prefect] []"},
    {"://me:secret@db/prefect?ssl=require&application_name=a+b%20c%2Bd",
     "[me] [secret] [db] [prefect] [ssl=require application_name=a b c+d]"},
    {"://me:secret@db/prefect?options=-csearch_path%3Dmine,public",
     "[me] [secret] [db] [prefect] [options=-csearch_path=mine,public]"},
    {"://me:secret@db/prefect?user=you&password=a%26b",
     "[me] [secret] [db] [prefect] [user=you password=a&b]"},
    {"://me:secret@db/prefect?options=a@b", "[me] [secret] [db] [prefect] [options=a@b]"},
    {"://me:secret@db/prefect?x=&y=1", "[me] [secret] [db] [prefect] [y=1]"},
    {"://db:5432/prefect?ssl=disable", "[-] [-] [db|5432] [prefect] [ssl=disable]"},
};

// What SQLAlchemy takes for a host or a port that no server has, and libpq's own forms.
const Examples beyond_sqlalchemy{
    {"://me:p@ss@db/prefect", "[me] [p@ss] [db] [prefect] []"},
    {"://me:p@s/s@db:5432/prefect", "[me] [p@s/s] [db|5432] [prefect] []"},
    {"://me:p@s?s@db/prefect", "[me] [p@s?s] [db] [prefect] []"},
    {"://me:p@s:s@db/prefect", "[me] [p@s:s] [db] [prefect] []"},
    {"://me:p@s#s@db/prefect?ssl=require", "[me] [p@s#s] [db] [prefect] [ssl=require]"},
    {"://m/e:pass@db/prefect", "[m/e] [pass] [db] [prefect] []"},
    {"://me@a:5432,b/prefect", "[me] [-] [a|5432 b] [prefect] []"},
    {"://me@[::1]:1,[::2]:2/prefect", "[me] [-] [::1|1 ::2|2] [prefect] []"},
    {"://me@%2Frun%2Fpostgresql/prefect", "[me] [-] [/run/postgresql] [prefect] []"},
    {"://me@a,b/prefect?port=5433", "[me] [-] [a|5433 b|5433] [prefect] []"},
    {"://me@/prefect?host=[::1]:5432", "[me] [-] [::1|5432] [prefect] []"},
};

TEST(DatabaseUrl, is_taken_apart_as_sqlalchemy_does) {
  for (const auto& [url, expected] : as_sqlalchemy) {
    EXPECT_EQ(shown("postgresql+asyncpg" + url), expected) << url;
  }
}

TEST(DatabaseUrl, what_can_only_be_meant_in_one_way_is_taken_so) {
  for (const auto& [url, expected] : beyond_sqlalchemy) {
    EXPECT_EQ(shown("postgresql+asyncpg" + url), expected) << url;
  }
}

TEST(DatabaseUrl, a_plus_is_a_blank_only_in_sqlalchemys_form) {
  EXPECT_EQ(shown("postgresql://db/x?password=a+b"), "[-] [-] [db] [x] [password=a+b]");
  EXPECT_EQ(shown("postgresql+psycopg://db/x?password=a+b"), "[-] [-] [db] [x] [password=a b]");
}

TEST(DatabaseUrl, every_password_is_read_as_it_is_and_encoded) {
  for (int first = 0x20; first < 0x7f; ++first) {
    for (int second = 0x20; second < 0x7f; ++second) {
      const std::string password = fmt::format("ab{:c}{:c}cd", first, second);
      const std::string encoded = fmt::format("ab%{:02x}%{:02X}cd", first, second);
      const std::string expected = fmt::format("[me] [{}] [db|5432] [prefect] []", password);
      EXPECT_EQ(shown(fmt::format("postgresql://me:{}@db:5432/prefect", encoded)), expected);
      // A name or a port may end with an @ before it.
      if (password.find('@') != password.npos || password.find('%') != password.npos) continue;
      EXPECT_EQ(shown(fmt::format("postgresql://me:{}@db:5432/prefect", password)), expected);
    }
  }
}

TEST(DatabaseUrl, what_cannot_be_meant_is_refused_and_not_shown) {
  for (const char* url :
       {"postgresql://me:hunter2", "postgresql://me:hun/ter2", "postgresql://me:hunter2@[db/x",
        "postgresql://me:hunter2@db:port/x", "postgresql://me:hunter2@db:0/x",
        "postgresql://me:hunter2@db:65536/x", "postgresql://me:hun@ter2!/x",
        "postgresql://me:hunter2@db/x?host=a:1&port=2", "postgresql://me:hunter2@a,b,c/x?port=1,2",
        "postgresql://me:hunter2@db/x?host=a%20b", "postgresql://me:hunter2%00@db/x", "hunter2"}) {
    std::string message = "(accepted)";
    try {
      message = shown(url);
    } catch (const ConfigError& error) {
      message = error.what();
    }
    EXPECT_TRUE(message.starts_with("storage.url: ")) << url << ": " << message;
    EXPECT_EQ(message.find("ter2"), std::string::npos) << message;
    const std::string_view given{url};
    const bool number = given.find(":0/") != given.npos || given.find(":65536/") != given.npos;
    EXPECT_EQ(message.find("from 1 to 65535") != std::string::npos, number) << message;
  }
}

}  // namespace
}  // namespace hangar::postgres
