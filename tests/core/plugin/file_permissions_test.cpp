#include "plugin/file_permissions.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace hangar {
namespace {

namespace fs = std::filesystem;

class FilePermissions : public ::testing::Test {
 protected:
  FilePermissions() {
    std::string name = (fs::temp_directory_path() / "hangar-permissions-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~FilePermissions() override { fs::remove_all(folder_); }
  FilePermissions(const FilePermissions&) = delete;
  FilePermissions& operator=(const FilePermissions&) = delete;

  fs::path folder_;
};

TEST_F(FilePermissions, private_group_is_the_users_own_and_nobody_elses) {
  constexpr const char* users = "root:x:0:0::/:/bin/sh\nann:x:1000:1000::/:/bin/sh\n";
  struct Case {
    const char* what;
    std::string passwd;
    std::string group;
    bool is_private;
  };
  const std::string other = "ben:x:1001:1001::/:/bin/sh\n";
  for (const Case& each : {
           Case{"empty list", users + other, "root:x:0:\nann:x:1000:\nben:x:1001:\n", true},
           Case{"the user in the list", users, "ann:x:1000:ann\n", true},
           Case{"a member", users + other, "ann:x:1000:ben\n", false},
           Case{"two members", users + other, "ann:x:1000:ann,ben\n", false},
           Case{"another name", users, "users:x:1000:\n", false},
           Case{"two names", users, "ann:x:1000:\nstaff:x:1000:ben\n", false},
           Case{"somebody else's primary group too", std::string{users} + "ben:x:1001:1000::/:\n",
                "ann:x:1000:\n", false},
           Case{"not the primary group", "ann:x:1000:100::/:\n", "ann:x:1000:\n", false},
           Case{"a user that is not listed", other, "ann:x:1000:\n", false},
           Case{"a group that is not listed", users, "root:x:0:\n", false},
           Case{"no files' content", "", "", false},
       }) {
    std::ofstream{folder_ / "passwd"} << each.passwd;
    std::ofstream{folder_ / "group"} << each.group;
    EXPECT_EQ(is_private_group(1000, 1000, folder_), each.is_private) << each.what;
  }
  EXPECT_FALSE(is_private_group(1000, 1000, folder_ / "absent"));
}

TEST_F(FilePermissions, group_that_is_private_may_write) {
  // This user's own groups, as the machine has them.
  const bool is_private = is_private_group(::getegid(), ::geteuid());
  fs::permissions(folder_, fs::perms{0770});
  EXPECT_EQ(refuse_writable_by_others(folder_, S_IFDIR).has_value(), !is_private);
}

TEST_F(FilePermissions, folder_that_is_not_there_yet_is_judged_by_those_above_it) {
  EXPECT_EQ(refuse_shared_folder(folder_ / "a" / "b").value_or(""), "");
  EXPECT_EQ(refuse_shared_folder(folder_ / "a/").value_or(""), "");
  fs::permissions(folder_, fs::perms{0777});
  const std::string why = refuse_shared_folder(folder_ / "a" / "b").value_or("");
  EXPECT_NE(why.find("writable by others"), std::string::npos) << why;
}

TEST_F(FilePermissions, link_is_refused_as_a_folder_and_followed_above_one) {
  fs::create_directory(folder_ / "real");
  fs::create_directory_symlink(folder_ / "real", folder_ / "link");
  const std::string why = refuse_shared_folder(folder_ / "link").value_or("");
  EXPECT_NE(why.find("is a link"), std::string::npos) << why;
  EXPECT_EQ(refuse_shared_folder(folder_ / "link" / "data").value_or(""), "");
  fs::permissions(folder_ / "real", fs::perms{0777});
  EXPECT_NE(refuse_shared_folder(folder_ / "link" / "data").value_or(""), "");
  fs::create_symlink(folder_ / "nowhere", folder_ / "broken");
  EXPECT_NE(refuse_shared_folder(folder_ / "broken").value_or(""), "");
}

TEST_F(FilePermissions, folder_of_another_user_is_refused) {
  constexpr uid_t another = 65533;
  constexpr uid_t nobody = 65534;
  // Root's folders are everybody's to use.
  ASSERT_TRUE(::geteuid() != 0 || ::chown(folder_.c_str(), nobody, nobody) == 0);
  const std::string why = refuse_shared_folder(folder_, another).value_or("");
  EXPECT_NE(why.find("neither root nor this user"), std::string::npos) << why;
}

}  // namespace
}  // namespace hangar
