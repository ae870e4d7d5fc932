#include "identity/credentials.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "hangar/error.hpp"

namespace hangar {
namespace {

// The seed that NATS' own documentation shows.
const std::string seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
// {"typ":"JWT"} and {"exp":1700000001}, signed by nobody.
const std::string jwt = "eyJ0eXAiOiJKV1QifQ.eyJleHAiOjE3MDAwMDAwMDF9.c2ln";

class CredentialsTest : public testing::Test {
 protected:
  std::string written(const std::string& text) {
    std::ofstream{path_, std::ios::binary} << text;
    return path_.string();
  }
  void TearDown() override { std::filesystem::remove(path_); }

 private:
  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                (std::string{"hangar-creds-"} +
                                 testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(CredentialsTest, are_read_with_the_ends_of_lines_of_any_system) {
  for (const std::string end : {"\n", "\r\n", "\n\n"}) {
    const UserCredentials read = read_user_credentials(
        written(fmt::format("-----BEGIN NATS USER JWT-----{0}{1}{0}------END NATS USER JWT------{0}"
                            "{0}-----BEGIN USER NKEY SEED-----{0}{2}{0}------END USER NKEY "
                            "SEED------{0}",
                            end, jwt, seed)));
    EXPECT_EQ(read.jwt, jwt);
    EXPECT_EQ(read.seed.reveal(), seed);
  }
}

TEST_F(CredentialsTest, half_of_them_is_refused_by_the_settings_name_and_not_shown) {
  for (const std::string& text : {std::string{}, jwt, seed}) {
    try {
      (void)read_user_credentials(written(text));
      ADD_FAILURE() << text;
    } catch (const ConfigError& error) {
      const std::string said = error.what();
      EXPECT_NE(said.find("nats.credentials_file"), said.npos) << said;
      EXPECT_EQ(said.find(seed), said.npos) << said;
    }
  }
}

TEST(Jwt, tells_when_it_expires) {
  EXPECT_EQ(expiry_of_jwt(jwt), std::chrono::sys_seconds{std::chrono::seconds{1'700'000'001}});
  // {"exp":0}, {}, and what is none.
  for (const char* never : {"eyJ9.eyJleHAiOjB9.x", "eyJ9.e30.x", "", "a.b", "a.b.c", "a.!.c"}) {
    EXPECT_EQ(expiry_of_jwt(never), std::nullopt) << never;
  }
}

}  // namespace
}  // namespace hangar
