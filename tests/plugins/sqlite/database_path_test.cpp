#include "database_path.hpp"

#include <gtest/gtest.h>

#include "hangar/error.hpp"

namespace hangar::sqlite {
namespace {

namespace fs = std::filesystem;

TEST(DatabasePath, takes_paths_and_the_urls_of_sqlalchemy) {
  const fs::path here = fs::current_path();
  const std::pair<std::string_view, fs::path> cases[] = {
      {"/var/lib/hangar.db", "/var/lib/hangar.db"},
      {"hangar.db", here / "hangar.db"},
      {"./data/../hangar.db", here / "hangar.db"},
      {"sqlite:///hangar.db", here / "hangar.db"},
      {"sqlite:///data/hangar.db", here / "data/hangar.db"},
      {"sqlite:////var/lib/hangar.db", "/var/lib/hangar.db"},
      {"sqlite+aiosqlite:////var/lib/hangar.db", "/var/lib/hangar.db"},
      {"sqlite+aiosqlite:///hangar.db", here / "hangar.db"},
      {"sqlite+pysqlite:////a b/ü%20.db", "/a b/ü%20.db"},
      {"/home/a@b/x=y.db", "/home/a@b/x=y.db"},
      {"/a:/b//password=x.db", "/a:/b/password=x.db"},
      {"./a@b//c:/x.db", here / "a@b/c:/x.db"},
      {"../a@b.db", here.parent_path() / "a@b.db"},
      {"sqlite:///a@b/x.db", here / "a@b/x.db"},
      {"a=b ü'\"$.db", here / "a=b ü'\"$.db"},
  };
  for (const auto& [url, path] : cases) EXPECT_EQ(database_path(url), path) << url;
}

TEST(DatabasePath, refuses_what_names_no_durable_file) {
  for (const std::string_view url :
       {"", ":memory:", "sqlite://", "sqlite:///",
        "sqlite:///:memory:", "sqlite+aiosqlite:///:memory:", "sqlite://host/x.db",
        "sqlite:///x.db?cache=shared", "file:x.db", "sqlite:///file:x.db", "postgresql:///x",
        "postgresql+asyncpg://h/x", "dir/", "sqlite:////var/lib/"}) {
    EXPECT_THROW(database_path(url), ConfigError) << url;
  }
  EXPECT_THROW(database_path({"a\0b", 3}), ConfigError);
}

TEST(DatabasePath, a_file_is_in_a_folder_or_is_there_or_may_be_made) {
  using enum Creation;
  const fs::path program = fs::canonical("/proc/self/exe");
  const fs::path absent = fs::temp_directory_path() / "hangar-none";
  // The first two nobody can make, whoever runs this.
  for (const fs::path& file : {program / "x.db", program / "folder" / "x.db"}) {
    EXPECT_THROW(check_place(file, when_absent), ConfigError) << file;
    EXPECT_THROW(check_place(file, never), ConfigError) << file;
  }
  for (const fs::path& file : {absent / "x.db", absent / "none" / "x.db", absent}) {
    EXPECT_NO_THROW(check_place(file, when_absent)) << file;
    EXPECT_THROW(check_place(file, never), ConfigError) << file;
  }
  EXPECT_NO_THROW(check_place(program, never));
  // What the system does not tell, whoever asks, as it does not tell of another user's folder.
  const fs::path too_long = fs::temp_directory_path() / std::string(300, 'x') / "x.db";
  EXPECT_THROW(is_there(too_long), ConfigError);
  EXPECT_THROW(check_place(too_long, when_absent), ConfigError);
}

TEST(DatabasePath, says_nothing_of_what_another_url_holds) {
  for (const std::string_view url :
       {"postgresql://user:secret@host/db", "us:secret@host/db", "us:secret@host",
        "postgresql+asyncpg//us:secret@host/db", "postgresql:/us:secret@host/db",
        "//us:secret@host/db", "postgresql:/host/secret", "us:secret://a@host/db",
        "us:a/secret?b@c#d@host/db", "host=db user=us password=secret", "PASSWORD = 'secret'",
        "host=secret", "\"postgresql://us:secret@host/db\"", "postgresql ://us:secret@host/db",
        "URL=postgresql://us:secret@host/db"}) {
    try {
      database_path(url);
      ADD_FAILURE() << "accepted: " << url;
    } catch (const ConfigError& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find("secret"), std::string::npos) << message;
      EXPECT_NE(message.find("postgresql"), std::string::npos) << message;
    }
  }
}

}  // namespace
}  // namespace hangar::sqlite
