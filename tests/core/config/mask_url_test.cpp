#include "config/mask_url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hangar {
namespace {

struct Case {
  std::string text;
  std::string masked;
};

// "pw" is the secret in every text.
const Case cases[] = {
    {"postgresql://user:pw@host:5432/db", "postgresql://user:********@host:5432/db"},
    {"postgresql+asyncpg://user:pw@host/db", "postgresql+asyncpg://user:********@host/db"},
    {"postgresql://user@host/db", "postgresql://user@host/db"},
    {"postgres://:pw@host", "postgres://:********@host"},
    {"nats://user:pw@host", "nats://user:********@host"},
    {"nats://pw@host:4222", "nats://********@host:4222"},
    {"tls://pw@host", "tls://********@host"},
    {"nats://a:pw@h1:4222,nats://b:pw@h2:4222",
     "nats://a:********@h1:4222,nats://b:********@h2:4222"},
    {"nats://h1:4222,nats://pw@h2:4222", "nats://h1:4222,nats://********@h2:4222"},
    {"user:pw@host:4222", "user:********@host:4222"},
    {"pw@host:4222", "********@host:4222"},
    {"cannot reach nats://u:pw@host:4222: refused",
     "cannot reach nats://u:********@host:4222: refused"},
    {"postgresql://host/db?user=u&password=pw&sslmode=require",
     "postgresql://host/db?user=u&password=********&sslmode=require"},
    {"postgresql://host/db?sslpassword=pw", "postgresql://host/db?sslpassword=********"},
    {"host=h password=pw dbname=d", "host=h password=******** dbname=d"},
    {"host=h PASSWORD = 'pw pw\\' pw' dbname=d", "host=h PASSWORD = ******** dbname=d"},
    {"password=pw\\ pw dbname=d", "password=******** dbname=d"},
    {"password=pw&pw dbname=d", "password=******** dbname=d"},
    {"HANGAR_NATS_PASSWORD=pw", "HANGAR_NATS_PASSWORD=********"},
    {"auth_token=pw", "auth_token=********"},
    // Not well formed: rather lose more.
    {"postgresql://user:pw/pw@host/db", "postgresql://user:********@host/db"},
    {"postgresql://user:pw@pw@host/db", "postgresql://user:********@host/db"},
    {"postgresql://user:pw pw@host/db", "postgresql://user:********@host/db"},
    {"postgresql://user:pw'pw\"pw@host/db", "postgresql://user:********@host/db"},
    {"postgresql://user:1/pw@host/db", "postgresql://user:********@host/db"},
    {"nats://user:pw", "nats://user:********"},
    {"nats://user:pw is no URL", "nats://user:******** is no URL"},
};

const std::string harmless[] = {
    "",
    "embedded",
    "nats://127.0.0.1:4222",
    "connected to nats://127.0.0.1:4222, at last (nats://[::1]:4222)",
    "nats://h1:4222,h2:4222",
    "connected to nats://127.0.0.1:4222 as hangar/recorder@host",
    "sqlite+aiosqlite:////home/a@b/prefect.db",
    "sqlite:///hangar.db",
    "postgresql:///db",
    "/home/a@b/user.creds",
    "password_file=/run/secrets/pw",
    "password=",
    "mail root@localhost about it",
    "99% = much",
};

TEST(MaskUrl, secrets_vanish_and_the_rest_stays) {
  for (const auto& [text, masked] : cases) {
    EXPECT_EQ(mask_url(text), masked) << text;
    EXPECT_EQ(mask_url(text).find("pw"), std::string::npos) << text;
  }
}

TEST(MaskUrl, text_without_secrets_is_left_alone) {
  for (const std::string& text : harmless) EXPECT_EQ(mask_url(text), text);
}

TEST(MaskUrl, masking_twice_changes_nothing) {
  for (const auto& [text, masked] : cases) EXPECT_EQ(mask_url(masked), masked);
  EXPECT_EQ(mask_url("found 'password=********' in it"), "found 'password=********' in it");
}

}  // namespace
}  // namespace hangar
