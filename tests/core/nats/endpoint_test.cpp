#include "nats/endpoint.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hangar/error.hpp"

namespace hangar {
namespace {

NatsConfig with_urls(std::vector<std::string> urls) {
  NatsConfig config;
  config.urls = std::move(urls);
  return config;
}

std::string refusal(const NatsConfig& config) {
  try {
    (void)endpoints(config);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(Endpoint, every_form_of_a_url_is_read) {
  const auto found =
      endpoints(with_urls({"nats://one:4333", "two", "tls://three, nats://[::1]:5"}));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].address(), "nats://one:4333");
  EXPECT_EQ(found[1].address(), "nats://two:4222");
  EXPECT_EQ(found[2].address(), "tls://three:4222");
  EXPECT_EQ(found[2].tls_name, "three");
  EXPECT_EQ(found[3].address(), "nats://[::1]:5");
}

TEST(Endpoint, user_part_of_a_url_wins_over_the_settings_and_is_not_shown) {
  auto config =
      with_urls({"nats://me:pass%20word@127.0.0.1", "nats://tok@127.0.0.1", "nats://127.0.0.1"});
  config.user = "other";
  config.password = Secret{"theirs"};
  const auto found = endpoints(config);
  EXPECT_EQ(found[0].user, "me");
  EXPECT_EQ(found[0].password.reveal(), "pass word");
  EXPECT_EQ(found[1].token.reveal(), "tok");
  EXPECT_EQ(found[1].user, "");
  EXPECT_EQ(found[2].user, "other");
  EXPECT_EQ(found[2].password.reveal(), "theirs");
  EXPECT_EQ(found[0].address(), "nats://127.0.0.1:4222");
}

TEST(Endpoint, a_password_may_hold_any_character_as_it_is_or_encoded) {
  for (int byte = 0x21; byte < 0x7f; ++byte) {
    const std::string password = fmt::format("first{:c}second", byte);
    for (const std::string& written : {password, fmt::format("first%{:02X}second", byte)}) {
      for (const char* scheme : {"nats://", ""}) {
        const auto found =
            endpoints(with_urls({fmt::format("{}me:{}@127.0.0.1:4333", scheme, written)}));
        ASSERT_EQ(found.size(), 1U) << written;
        EXPECT_EQ(found[0].user, "me") << written;
        EXPECT_EQ(found[0].password.reveal(), password);
        EXPECT_EQ(found[0].address(), "nats://127.0.0.1:4333") << written;
      }
    }
  }
  EXPECT_EQ(endpoints(with_urls({"nats://tok/en@127.0.0.1"}))[0].token.reveal(), "tok/en");
}

TEST(Endpoint, a_comma_is_of_a_password_or_between_servers_or_refused) {
  struct Case {
    const char* text;
    std::vector<std::string> passwords;  ///< Of each server; none: it is refused.
  };
  const Case cases[] = {
      {"nats://me:a,b@127.0.0.1", {"a,b"}},
      {"me:a,b,,c@127.0.0.1", {"a,b,,c"}},
      {"nats://me:a%2Cb@127.0.0.1, 127.0.0.2", {"a,b", ""}},
      {"nats://me:,/b@127.0.0.1", {",/b"}},
      {"nats://127.0.0.1,nats://me:a,b@127.0.0.1,tls://me:c@d", {"", "a,b", "c"}},
      {"nats://me:a@127.0.0.1,nats://me:b@127.0.0.2", {"a", "b"}},
      {"nats://me:4222,secret@127.0.0.1", {}},
      {"nats://me,secret@127.0.0.1", {}},
      {"nats://me:secret@b,secret@127.0.0.1", {}},
      {"me:secret@b,secret@127.0.0.1", {}},
  };
  for (const auto& [text, passwords] : cases) {
    const std::string why = refusal(with_urls({text}));
    EXPECT_EQ(why.find("secret"), std::string::npos) << why;
    if (passwords.empty()) {
      EXPECT_NE(why.find("as %2C"), std::string::npos) << text << ": " << why;
      continue;
    }
    ASSERT_EQ(why, "") << text;
    std::vector<std::string> found;
    for (const Endpoint& endpoint : endpoints(with_urls({text}))) {
      found.push_back(endpoint.password.reveal());
    }
    EXPECT_EQ(found, passwords) << text;
  }
}

TEST(Endpoint, tls_is_used_whenever_anything_asks_for_it) {
  EXPECT_FALSE(endpoints(with_urls({"nats://a"}))[0].tls);
  EXPECT_TRUE(endpoints(with_urls({"tls://a"}))[0].tls);
  auto config = with_urls({"nats://a"});
  config.tls.required = true;
  EXPECT_TRUE(endpoints(config)[0].tls);
  config.tls = {};
  config.tls.ca_file = "/ca.pem";
  EXPECT_TRUE(endpoints(config)[0].tls);
  config.tls = {};
  config.tls.cert_file = "/cert.pem";
  EXPECT_TRUE(endpoints(config)[0].tls);
}

TEST(Endpoint, secret_in_clear_text_goes_to_no_other_machine) {
  for (const char* url : {"nats://me:hunter2@example.com", "nats://hunter2@10.0.0.1"}) {
    const std::string why = refusal(with_urls({url}));
    EXPECT_NE(why.find("clear text"), std::string::npos) << why;
    EXPECT_EQ(why.find("hunter2"), std::string::npos) << why;
  }
  auto config = with_urls({"nats://example.com"});
  config.token = Secret{"hunter2"};
  EXPECT_NE(refusal(config), "");
  config.tls.insecure = true;
  EXPECT_EQ(refusal(config), "");
  config.tls = {};
  config.tls.required = true;
  EXPECT_EQ(refusal(config), "");
  for (const char* url : {"nats://me:x@localhost", "nats://me:x@127.0.0.5", "nats://me:x@[::1]"}) {
    EXPECT_EQ(refusal(with_urls({url})), "") << url;
  }
}

TEST(Endpoint, what_is_no_server_is_refused_without_its_secret) {
  for (const char* url : {"http://me:hunter2@a", "ws://a", "nats://me:hunter2@", "nats://a:0",
                          "nats://me:hunter2@a b", "://"}) {
    const std::string why = refusal(with_urls({url}));
    EXPECT_NE(why.find("nats.url"), std::string::npos) << url;
    EXPECT_EQ(why.find("hunter2"), std::string::npos) << why;
  }
  EXPECT_NE(refusal(with_urls({})), "");
  EXPECT_NE(refusal(with_urls({" , "})), "");
}

TEST(Endpoint, server_that_was_told_of_by_address_must_show_the_name_of_the_teller) {
  Endpoint teller = endpoints(with_urls({"tls://me:x@nats.example.com"}))[0];
  const Endpoint by_address = discovered(teller, "nats://10.1.2.3:4222");
  EXPECT_EQ(by_address.address(), "tls://10.1.2.3:4222");
  EXPECT_EQ(by_address.tls_name, "nats.example.com");
  EXPECT_EQ(by_address.user, "me");
  EXPECT_EQ(by_address.password.reveal(), "x");
  EXPECT_EQ(discovered(teller, "nats://b.example.com:4222").tls_name, "b.example.com");
}

}  // namespace
}  // namespace hangar
