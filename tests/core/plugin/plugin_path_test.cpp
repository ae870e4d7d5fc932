#include "plugin/plugin_path.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "plugin/file_permissions.hpp"

namespace hangar {
namespace {

namespace fs = std::filesystem;

/// A folder that nobody else may write to, with one good plugin file in it.
class PluginPath : public ::testing::Test {
 protected:
  PluginPath() {
    std::string name = (fs::temp_directory_path() / "hangar-plugin-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream{file()} << "library";
    fs::permissions(file(), fs::perms{0644});
  }
  ~PluginPath() override { fs::remove_all(folder_); }
  PluginPath(const PluginPath&) = delete;
  PluginPath& operator=(const PluginPath&) = delete;

  [[nodiscard]] fs::path file() const { return folder_ / "good.so"; }
  [[nodiscard]] std::string refusal(const fs::path& path) const {
    return refuse_plugin_path(path).value_or("");
  }

  fs::path folder_;
};

TEST_F(PluginPath, file_of_this_user_in_a_private_folder_is_taken) {
  EXPECT_EQ(refusal(file()), "");
}

TEST_F(PluginPath, name_must_be_a_plain_word) {
  for (const char* name :
       {"../good.so", "Good.so", "good.so.1", "good.so;", "1.so", ".so", "good"}) {
    EXPECT_NE(refusal(folder_ / name), "") << name;
  }
  EXPECT_NE(refusal(folder_ / (std::string(65, 'a') + ".so")), "");
  EXPECT_NE(refusal(folder_ / (std::string(5'000, 'a') + ".so")), "");
  EXPECT_NE(refusal(folder_ / std::string{"go\0od.so", 8}), "") << "NUL";
  EXPECT_NE(refusal("good.so"), "") << "not absolute";
}

TEST_F(PluginPath, file_that_others_may_write_is_refused) {
  fs::permissions(file(), fs::perms{0646});
  EXPECT_NE(refusal(file()).find("writable by others"), std::string::npos);
}

TEST_F(PluginPath, file_that_a_group_may_write_is_refused_unless_the_group_is_the_users_own) {
  fs::permissions(file(), fs::perms{0664});
  const bool is_private = is_private_group(::getegid(), ::geteuid());
  EXPECT_EQ(refusal(file()).find("writable by others") == std::string::npos, is_private);
}

TEST_F(PluginPath, file_or_folder_of_another_user_is_refused) {
  constexpr uid_t nobody = 65534;
  constexpr uid_t another = 65533;
  // Root's own files are everybody's to load.
  const auto leave = [&](const fs::path& path) {
    return ::geteuid() != 0 || ::chown(path.c_str(), nobody, nobody) == 0;
  };
  const auto refused = [&] { return refuse_plugin_path(file(), another).value_or(""); };
  ASSERT_TRUE(leave(folder_));
  EXPECT_NE(refused().find("neither root nor this user"), std::string::npos) << refused();
  ASSERT_TRUE(leave(file()));
  EXPECT_NE(refused().find("good.so belongs to user"), std::string::npos) << refused();
}

TEST_F(PluginPath, folder_that_others_may_write_is_refused_unless_sticky) {
  fs::permissions(folder_, fs::perms{0777});
  EXPECT_NE(refusal(file()).find("writable by others"), std::string::npos);
  fs::permissions(folder_, fs::perms{01777});
  EXPECT_EQ(refusal(file()), "");
}

TEST_F(PluginPath, only_a_regular_file_is_taken) {
  fs::create_symlink(file(), folder_ / "link.so");
  EXPECT_NE(refusal(folder_ / "link.so").find("not a regular file"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder_ / "pipe.so").c_str(), 0600), 0);
  EXPECT_NE(refusal(folder_ / "pipe.so").find("not a regular file"), std::string::npos);
  EXPECT_NE(refusal(folder_ / "absent.so"), "");
}

TEST_F(PluginPath, path_through_a_linked_folder_is_refused) {
  fs::create_directory(folder_ / "real");
  fs::rename(file(), folder_ / "real" / "good.so");
  fs::create_directory_symlink(folder_ / "real", folder_ / "linked");
  EXPECT_EQ(refusal(folder_ / "real" / "good.so"), "");
  EXPECT_NE(refusal(folder_ / "linked" / "good.so"), "");
}

}  // namespace
}  // namespace hangar
