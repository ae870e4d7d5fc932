#include "nats/api_subject.hpp"

#include <gtest/gtest.h>

#include <string>

#include "hangar/error.hpp"

namespace hangar {
namespace {

using namespace std::string_literals;

HostConfig::Nats with(const std::string& domain, const std::string& prefix) {
  HostConfig::Nats nats;
  nats.domain = domain;
  nats.api_prefix = prefix;
  return nats;
}

TEST(ApiSubject, domain_and_prefix_stand_where_the_nats_cli_puts_them) {
  struct Case {
    std::string domain, prefix, subject;
  };
  for (const auto& [domain, prefix, subject] : {Case{"", "", "$JS.API."},
                                                {"hub", "", "$JS.hub.API."},
                                                {"", "JS.hub", "JS.hub."},
                                                {"", "JS.hub.", "JS.hub."},
                                                {"", "$JS.hub.API", "$JS.hub.API."}}) {
    EXPECT_EQ(api_prefix(with(domain, prefix)), subject);
  }
}

TEST(ApiSubject, what_cannot_stand_in_a_subject_is_refused_by_its_setting) {
  for (const char* domain : {"a.b", "a b", "*", ">", "a\n"}) {
    EXPECT_THROW(api_prefix(with(domain, "")), ConfigError) << domain;
  }
  for (const std::string& prefix :
       {"."s, ".a"s, "a..b"s, "a b"s, "a.*"s, "a.>"s, "a\r\n"s, "a\0b"s}) {
    EXPECT_THROW(api_prefix(with("", prefix)), ConfigError) << prefix;
    HostConfig::Nats nats;
    nats.inbox_prefix = prefix;
    EXPECT_THROW(inbox_prefix(nats), ConfigError) << prefix;
  }
  HostConfig::Nats nats;
  nats.inbox_prefix = "";
  EXPECT_THROW(inbox_prefix(nats), ConfigError);
}

TEST(ApiSubject, domain_and_prefix_together_are_refused) {
  EXPECT_THROW(api_prefix(with("hub", "JS.hub")), ConfigError);
}

TEST(ApiSubject, inboxes_begin_as_the_setting_says) {
  HostConfig::Nats nats;
  EXPECT_EQ(inbox_prefix(nats), "_INBOX");
  nats.inbox_prefix = "_INBOX_prefect.";
  EXPECT_EQ(inbox_prefix(nats), "_INBOX_prefect");
}

}  // namespace
}  // namespace hangar
