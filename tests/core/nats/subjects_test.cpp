#include "nats/subjects.hpp"

#include <gtest/gtest.h>

#include <string>

#include "hangar/error.hpp"

namespace hangar {
namespace {

using namespace std::string_literals;

NatsConfig in_domain(const std::string& domain, const std::string& prefix) {
  NatsConfig nats;
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
    EXPECT_EQ(api_prefix(in_domain(domain, prefix)), subject);
  }
}

TEST(ApiSubject, what_cannot_stand_in_a_subject_is_refused_by_its_setting) {
  for (const char* domain : {"a.b", "a b", "*", ">", "a\n"}) {
    EXPECT_THROW(api_prefix(in_domain(domain, "")), ConfigError) << domain;
  }
  for (const std::string& prefix :
       {"."s, ".a"s, "a..b"s, "a b"s, "a.*"s, "a.>"s, "a\r\n"s, "a\0b"s}) {
    EXPECT_THROW(api_prefix(in_domain("", prefix)), ConfigError) << prefix;
    NatsConfig nats;
    nats.inbox_prefix = prefix;
    EXPECT_THROW(inbox_prefix(nats), ConfigError) << prefix;
  }
  NatsConfig nats;
  nats.inbox_prefix = "";
  EXPECT_THROW(inbox_prefix(nats), ConfigError);
}

TEST(ApiSubject, domain_and_prefix_together_are_refused) {
  EXPECT_THROW(api_prefix(in_domain("hub", "JS.hub")), ConfigError);
}

TEST(ApiSubject, inboxes_begin_as_the_setting_says) {
  NatsConfig nats;
  EXPECT_EQ(inbox_prefix(nats), "_INBOX");
  nats.inbox_prefix = "_INBOX_prefect.";
  EXPECT_EQ(inbox_prefix(nats), "_INBOX_prefect");
}

TEST(JetStreamName, what_would_change_a_subject_is_refused) {
  EXPECT_NO_THROW(check_jetstream_name("PREFECT_EVENTS", "stream"));
  EXPECT_NO_THROW(check_jetstream_name("events-task-run-recorder", "durable"));
  for (const char* name : {"", "a.b", "a*", ">", "a b", "a\n", "a/b", "a\\b"}) {
    EXPECT_THROW(check_jetstream_name(name, "stream"), ConfigError) << name;
  }
}

TEST(JetStreamSubject, what_is_no_subject_is_refused) {
  for (const char* subject : {"prefect.events.task-run", "a", "a.*.b", "a.>", ">", "$JS.x"}) {
    EXPECT_NO_THROW(check_subject(subject, "filter_subject")) << subject;
  }
  for (const char* subject : {"", "foo bar", "a..b", ".a", "a.", "a\tb", "a\r\nPUB b 0"}) {
    EXPECT_THROW(check_subject(subject, "filter_subject"), ConfigError) << subject;
  }
}

TEST(FilterSubject, what_the_server_would_refuse_for_ever_is_refused) {
  for (const char* subject : {"", "a", "a.b", "prefect.events.>", "*", ">", "a.*.c", "a*b.c"}) {
    EXPECT_NO_THROW(check_filter_subject(subject, "filter_subject")) << subject;
  }
  for (const char* subject : {"foo bar", "a\tb", "a..b", ".a", "a.", ".", ">.a", "a.>.b"}) {
    EXPECT_THROW(check_filter_subject(subject, "filter_subject"), ConfigError) << subject;
  }
}

TEST(LiteralSubject, one_can_publish_on_what_has_no_wildcard) {
  for (const char* subject : {"a", "prefect.events.task-run", "a*b.c>", "$JS.x"}) {
    EXPECT_TRUE(is_literal_subject(subject)) << subject;
  }
  for (const char* subject : {"", "a.", "a b", "*", ">", "a.*", "*.b", "a.*.c", "a.>", "a**.*"}) {
    EXPECT_FALSE(is_literal_subject(subject)) << subject;
  }
}

}  // namespace
}  // namespace hangar
