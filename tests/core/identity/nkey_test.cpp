#include "identity/nkey.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "hangar/error.hpp"

namespace hangar {
namespace {

// The pair that NATS' own documentation shows.
constexpr const char* user_seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
constexpr const char* public_key = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

class NkeyTest : public testing::Test {
 protected:
  std::string written(const std::string& text) {
    std::ofstream{path_} << text;
    return path_.string();
  }
  void TearDown() override { std::filesystem::remove(path_); }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() /
      (std::string{"hangar-nkey-"} + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(NkeyTest, public_key_follows_from_the_seed) {
  EXPECT_EQ(read_user_key(written(user_seed), "nkey_seed_file").public_key, public_key);
  for (const char* end : {"\n", "\r\n", "\n\n\n"}) {
    const UserKey key =
        read_user_key(written(std::string{"-----BEGIN USER NKEY SEED-----"} + end + user_seed +
                              end + "------END USER NKEY SEED------" + end),
                      "nkey_seed_file");
    EXPECT_EQ(key.public_key, public_key);
    EXPECT_EQ(key.seed.reveal(), user_seed);
  }
}

TEST_F(NkeyTest, damaged_seed_is_refused_and_not_shown) {
  std::string damaged = user_seed;
  damaged[20] = damaged[20] == 'A' ? 'B' : 'A';
  for (const std::string& text :
       {damaged, std::string{"SUAC"}, std::string{"SU1!"}, std::string{public_key}}) {
    std::string refusal;
    try {
      (void)read_user_key(written(text), "nkey_seed_file");
    } catch (const ConfigError& error) {
      refusal = error.what();
    }
    EXPECT_NE(refusal.find("nkey_seed_file"), std::string::npos) << text;
    EXPECT_EQ(refusal.find(text), std::string::npos) << refusal;
  }
}

TEST_F(NkeyTest, absent_file_is_named) {
  EXPECT_THROW((void)read_user_key("/nowhere/user_seed", "nkey_seed_file"), ConfigError);
}

}  // namespace
}  // namespace hangar
