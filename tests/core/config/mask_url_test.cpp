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
    {"postgresql://pw@host/db", "postgresql://********@host/db"},
    {"sqlite:////home/a@b/x.db", "sqlite://********@b/x.db"},
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
    "sqlite+aiosqlite:////srv/a/prefect.db",
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

const std::string passwords[] = {
    "pw",      "pw/pw?pw@pw#pw", "pw pw", "pw'pw\"pw", "pw\\pw",   "pw://pw",      "@/pw/@pw@",
    "pw,pw",   "pw&pw=pw",       "pw;pw", "[pw]pw",    "pw@h/pw@", "pw@pw:1/pw",   "//pw//pw",
    "pw%41pw", "pw?password=pw", "%zzpw", "1/pw",      "?pw#pw",   "password=pw@", "=pw",
    "'pw' pw", "pw:pw:pw",       ":/pw",  "pw\tpw",    "1?pw@1",   "{pw}$pw",      "pw*<pw>|^pw"};

/// A setting with `{}` for the password, in the forms that Hangar takes and in others.
const std::string forms[] = {
    "nats://us:{}@host:4222",
    "tls://us:{}@host",
    "NATS://us:{}@host",
    "us:{}@host:4222",
    "nats:/us:{}@host",
    "nats:us:{}@host",
    "nats//us:{}@host",
    "nats:///us:{}@host",
    "//us:{}@host",
    "wss://us:{}@host",
    "nats://h1:4222,us:{}@h2:4222",
    "h1:4222,us:{}@h2:4222",
    "postgresql+asyncpg://us:{}@host:5432/db",
    "postgresql+asyncpg//us:{}@host/db",
    "postgresql:/us:{}@host/db",
    "postgresql:///us:{}@host/db",
    "postgresq://us:{}@host/db",
    "us:{}@host/db",
    "us:{}@host",
    "us:{}@host/db?ssl=disable",
    "\"postgresql://us:{}@host/db\"",
    "postgresql ://us:{}@host/db",
    "export postgresql://us:{}@host/db",
    "URL=postgresql://us:{}@host/db",
    "jdbc:postgresql://host/db?user=us&password={}",
    "postgresql://host/db?password={}&user=us",
    "postgresql://host/db?user=us&sslpassword={}",
    "host=db user=us password={}",
    "host=db password='{}' user=us",
    "password = {} host=db",
};

TEST(ShownUrl, no_part_of_any_password_is_shown_in_any_form) {
  for (const std::string& form : forms) {
    for (const std::string& password : passwords) {
      std::string url = form;
      url.replace(url.find("{}"), 2, password);
      const std::string shown = shown_url(url);
      EXPECT_EQ(shown.find("pw"), std::string::npos) << url << " is shown as " << shown;
      EXPECT_NE(shown.find("********"), std::string::npos) << url;
    }
  }
}

TEST(ShownUrl, what_surely_holds_no_secret_is_shown) {
  for (const std::string url :
       {"", "embedded", "nats://h1:4222", "nats://h1:4222,h2:4222", "h:4222", "tls://[::1]:4222",
        "postgresql:///db", "postgresql://h1:1,h2:2/db?sslmode=require", "hangar.db",
        "data/hangar.db", "/home/a@b/x:y/hangar.db", "./a@b:/x//y.db", "../x=y.db",
        "sqlite:///rel.db", "sqlite+aiosqlite:////srv/a/prefect.db"}) {
    EXPECT_EQ(shown_url(url), url);
  }
  const Case some[] = {
      {"nats://us:pw@host:4222", "nats://us:********@host:4222"},
      {"nats://pw@host", "nats://********@host"},
      {"postgresql://pw@host/db", "postgresql://********@host/db"},
      {"us:pw@host:4222", "us:********@host:4222"},
      {"postgresql://us:pw@h/db?ssl=disable", "postgresql://us:********@h/db?ssl=disable"},
      {"host=h user=u password=pw", "host=h user=u password=********"},
  };
  for (const auto& [text, masked] : some) EXPECT_EQ(shown_url(text), masked);
}

}  // namespace
}  // namespace hangar
