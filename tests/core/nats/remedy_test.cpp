#include "nats/remedy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hangar {
namespace {

TEST(Remedy, what_a_server_says_names_the_setting_that_mends_it) {
  struct Case {
    const char* said;
    const char* identity;
    const char* names;
  };
  for (const auto& [said, identity, names] :
       {Case{"Authorization Violation", "nats.user and nats.password", "nats.password"},
        Case{"Authorization Violation", "", "set nats.credentials_file"},
        Case{"'Authorization Violation'", "nats.token", "does not accept nats.token"},
        Case{"User Authentication Expired", "nats.credentials_file (a)", "give nats.credentials"},
        Case{"Account Authentication Expired", "nats.credentials_file (a)", "a new one"},
        Case{"User Authentication Revoked", "nats.credentials_file (a)", "a new one"},
        Case{"maximum connections exceeded", "", "max_connections"},
        Case{"maximum subscriptions exceeded", "", "max_subs"},
        Case{"Secure Connection - TLS Required", "", "tls://"},
        Case{"Permissions Violation for Publish to \"$JS.API.INFO\"", "", "$JS.API.INFO"},
        Case{"Permissions Violation for Subscription to \"_INBOX.x\"", "",
             "set nats.inbox_prefix"}}) {
    const std::string told = with_remedy(said, identity);
    EXPECT_TRUE(told.starts_with(std::string{said} + ": ")) << told;
    EXPECT_NE(told.find(names), std::string::npos) << told;
    EXPECT_EQ(told.find("{}"), std::string::npos) << told;
  }
  EXPECT_EQ(with_remedy("something new", "nats.token"), "something new");
}

TEST(Remedy, a_server_that_wants_a_certificate_is_told_from_others) {
  NatsConfig nats;
  for (const char* said : {"Expected 'PONG', got ''", "SSL_write error: (null)",
                           "SSL handshake error: error:0A000412:SSL routines::sslv3 alert bad "
                           "certificate"}) {
    nats.tls.cert_file.clear();
    EXPECT_NE(certificate_remedy(said, nats).find("set nats.tls.cert_file"), std::string::npos);
    nats.tls.cert_file = "/mine";
    EXPECT_NE(certificate_remedy(said, nats).find("vouch for nats.tls.cert_file (/mine)"),
              std::string::npos);
  }
  EXPECT_EQ(certificate_remedy("Authorization Violation", nats), "");
  EXPECT_EQ(certificate_remedy("Expected 'PONG', got '-ERR 'x''", nats), "");
}

TEST(Remedy, a_subject_that_may_not_be_used_is_found_in_what_a_server_says) {
  using Of = PermissionViolation::Of;
  const auto publish =
      permission_violation_in("Permissions Violation for Publish to \"$JS.API.INFO\": do this");
  ASSERT_TRUE(publish);
  EXPECT_EQ(publish->of, Of::publish);
  EXPECT_EQ(publish->subject, "$JS.API.INFO");
  const auto subscription =
      permission_violation_in("'Permissions Violation for Subscription to \"_INBOX.x.*\"'");
  ASSERT_TRUE(subscription);
  EXPECT_EQ(subscription->of, Of::subscription);
  EXPECT_EQ(subscription->subject, "_INBOX.x.*");
  EXPECT_FALSE(permission_violation_in("Authorization Violation"));
}

TEST(Remedy, an_identity_is_named_by_its_setting_and_not_shown) {
  NatsConfig nats;
  Endpoint endpoint;
  endpoint.host = "a";
  EXPECT_EQ(identity_of(endpoint, nats), "");
  nats.user = endpoint.user = "me";
  nats.password = endpoint.password = Secret{"kerfuffle"};
  EXPECT_EQ(identity_of(endpoint, nats), "nats.user and nats.password");
  endpoint.user = "other";
  EXPECT_EQ(identity_of(endpoint, nats), "user and password in nats.url");
  endpoint.user.clear();
  nats.token = endpoint.token = Secret{"kerfuffle"};
  EXPECT_EQ(identity_of(endpoint, nats), "nats.token");
  nats.nkey_seed_file = "/seed";
  EXPECT_EQ(identity_of(endpoint, nats), "nats.nkey_seed_file (/seed)");
  nats.credentials_file = "/nowhere";
  EXPECT_EQ(identity_of(endpoint, nats), "nats.credentials_file (/nowhere)");
}

}  // namespace
}  // namespace hangar
