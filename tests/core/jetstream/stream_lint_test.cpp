#include "jetstream/stream_lint.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

namespace hangar {
namespace {

using namespace std::chrono_literals;

StreamInfo good_stream() {
  StreamInfo stream;
  stream.name = "EVENTS";
  stream.subjects = {"events.>"};
  stream.discard = "new";
  stream.max_age = 168h;
  stream.duplicate_window = 5min;
  return stream;
}

ConsumerInfo good_consumer() {
  ConsumerInfo consumer;
  consumer.durable = "worker";
  consumer.ack_policy = "explicit";
  consumer.filter_subjects = {"events.task"};
  consumer.ack_wait = 30s;
  consumer.max_ack_pending = 20'000;
  return consumer;
}

TEST(StreamLint, what_hangar_creates_has_no_findings) {
  EXPECT_TRUE(lint_stream(good_stream(), 168h).empty());
  EXPECT_TRUE(lint_consumer(good_stream(), good_consumer(), "events.task", 4000).empty());
  StreamInfo short_lived = good_stream();
  short_lived.max_age = 1h;
  EXPECT_TRUE(lint_stream(short_lived, 1h).empty()) << "as configured";
}

TEST(StreamLint, each_unsafe_setting_of_a_stream_is_found_with_its_field_and_a_command) {
  const std::vector<std::pair<const char*, std::function<void(StreamInfo&)>>> cases{
      {"storage", [](auto& s) { s.storage = "memory"; }},
      {"retention", [](auto& s) { s.retention = "workqueue"; }},
      {"discard", [](auto& s) { s.discard = "old"; }},
      {"max_age", [](auto& s) { s.max_age = 1h; }},
      {"max_msgs_per_subject", [](auto& s) { s.max_messages_per_subject = 1; }},
      {"max_msgs", [](auto& s) { s.max_messages = 10; }},
      {"max_msg_size", [](auto& s) { s.max_message_size = 1000; }},
      {"duplicate_window", [](auto& s) { s.duplicate_window = 1s; }},
      {"sealed", [](auto& s) { s.sealed = true; }},
      {"mirror",
       [](auto& s) {
         s.fed_by = "mirror";
         s.origin_trouble = "nothing comes from stream M: stream not found";
       }},
  };
  for (const auto& [field, spoil] : cases) {
    StreamInfo stream = good_stream();
    spoil(stream);
    const auto found = lint_stream(stream, 168h);
    ASSERT_EQ(found.size(), 1U) << field;
    EXPECT_EQ(found.front().field, field);
    EXPECT_EQ(found.front().severity, Finding::Severity::warn);
    EXPECT_NE(found.front().fix.find("nats stream "), std::string::npos) << found.front().fix;
    EXPECT_NE(found.front().fix.find("EVENTS"), std::string::npos);
  }
}

TEST(StreamLint, a_limit_for_each_subject_drops_or_refuses) {
  StreamInfo stream = good_stream();
  stream.max_messages_per_subject = 5;
  EXPECT_NE(lint_stream(stream, 168h).at(0).problem.find("push earlier ones"), std::string::npos);
  stream.discard_new_per_subject = true;
  EXPECT_EQ(lint_stream(stream, 168h).at(0).problem, "a subject with 5 events takes no more");
}

TEST(StreamLint, each_unsafe_setting_of_a_consumer_is_found_with_its_field_and_a_command) {
  constexpr auto refuse = Finding::Severity::refuse;
  constexpr auto warn = Finding::Severity::warn;
  struct Case {
    const char* field;
    Finding::Severity severity;
    std::function<void(ConsumerInfo&)> spoil;
  };
  const std::vector<Case> cases{
      {"deliver_subject", refuse, [](auto& c) { c.deliver_subject = "push"; }},
      {"ack_policy", refuse, [](auto& c) { c.ack_policy = "none"; }},
      {"ack_policy", refuse, [](auto& c) { c.ack_policy = "all"; }},
      {"max_deliver", refuse, [](auto& c) { c.max_deliver = 1; }},
      {"headers_only", refuse, [](auto& c) { c.headers_only = true; }},
      {"filter_subject", refuse, [](auto& c) { c.filter_subjects = {"events.other"}; }},
      {"filter_subject", refuse,
       [](auto& c) {
         c.filter_subjects = {"events.task", "b"};
       }},
      {"filter_subject", refuse, [](auto& c) { c.filter_subjects.clear(); }},
      {"priority_groups", refuse, [](auto& c) { c.priority_groups = true; }},
      {"max_bytes", refuse, [](auto& c) { c.max_request_bytes = 100; }},
      {"max_expires", refuse, [](auto& c) { c.max_request_expires = 1ms; }},
      {"pause_until", warn, [](auto& c) { c.paused = true; }},
      {"backoff", warn, [](auto& c) { c.backoff = 3; }},
      {"inactive_threshold", warn, [](auto& c) { c.inactive_threshold = 1h; }},
      {"deliver_policy", warn, [](auto& c) { c.deliver_policy = "new"; }},
      {"replay_policy", warn, [](auto& c) { c.replay_policy = "original"; }},
      {"mem_storage", warn, [](auto& c) { c.memory_storage = true; }},
      {"max_ack_pending", warn, [](auto& c) { c.max_ack_pending = 1000; }},
      {"ack_wait", warn, [](auto& c) { c.ack_wait = 5s; }},
  };
  for (const Case& each : cases) {
    ConsumerInfo consumer = good_consumer();
    each.spoil(consumer);
    const auto found = lint_consumer(good_stream(), consumer, "events.task", 4000);
    ASSERT_EQ(found.size(), 1U) << each.field;
    EXPECT_EQ(found.front().field, each.field);
    EXPECT_EQ(found.front().severity, each.severity) << each.field;
    EXPECT_NE(found.front().fix.find("nats consumer "), std::string::npos) << found.front().fix;
    EXPECT_NE(found.front().fix.find("EVENTS worker"), std::string::npos) << found.front().fix;
  }
}

StreamInfo good_letters() {
  StreamInfo good;
  good.name = "HANGAR_DLQ";
  good.subjects = good.stored_subjects = {"hangar.dlq.>"};
  good.discard = "new";
  good.max_bytes = 256 << 20;
  return good;
}

TEST(StreamLint, stream_is_refused_that_may_drop_dead_letters_or_takes_none) {
  using enum Finding::Severity;
  struct Case {
    const char* field;
    Finding::Severity severity;
    std::function<void(StreamInfo&)> spoil;
    std::string fix;
  };
  const std::string anew = "hangar dlq export, then nats stream rm HANGAR_DLQ";
  const std::string edit = "nats stream edit HANGAR_DLQ ";
  const std::vector<Case> cases{
      {"discard", refuse, [](auto& s) { s.discard = "old"; }, edit + "--discard=new"},
      {"max_msgs_per_subject", refuse, [](auto& s) { s.max_messages_per_subject = 1; },
       edit + "--max-msgs-per-subject=-1"},
      {"retention", refuse, [](auto& s) { s.retention = "interest"; }, anew},
      {"retention", refuse, [](auto& s) { s.retention = "workqueue"; }, anew},
      {"subjects", refuse, [](auto& s) { s.subjects = {"foo"}; },
       edit + "--subjects=foo,hangar.dlq.>"},
      {"subjects", refuse, [](auto& s) { s.subjects = {"hangar.dlq.*"}; },
       edit + "--subjects=hangar.dlq.>"},
      {"subjects", refuse, [](auto& s) { s.stored_subjects = {"elsewhere.>"}; }, edit},
      {"sealed", refuse, [](auto& s) { s.sealed = true; }, anew},
      {"no_ack", refuse, [](auto& s) { s.no_ack = true; }, edit + "--ack"},
      {"max_msg_size", refuse, [](auto& s) { s.max_message_size = 100; },
       edit + "--max-msg-size=-1"},
      {"storage", warn, [](auto& s) { s.storage = "memory"; }, anew},
      {"max_age", warn, [](auto& s) { s.max_age = 1h; }, edit + "--max-age=0"},
      {"max_bytes", warn, [](auto& s) { s.max_bytes = -1; }, edit + "--discard=new --max-bytes="},
      {"max_bytes", warn, [](auto& s) { s.max_bytes = 8 << 20; }, edit + "--max-bytes=256MiB"},
  };
  EXPECT_TRUE(lint_dead_letters(good_letters(), 8 << 20).empty());
  for (const auto& [field, severity, spoil, fix] : cases) {
    StreamInfo stream = good_letters();
    spoil(stream);
    const auto found = lint_dead_letters(stream, 8 << 20);
    ASSERT_EQ(found.size(), 1U) << field;
    EXPECT_EQ(found.front().field, field);
    EXPECT_EQ(found.front().severity, severity) << field;
    EXPECT_TRUE(found.front().fix.starts_with(fix)) << found.front().fix;
    EXPECT_EQ(refusals(found).empty(), severity == warn) << field;
  }
}

TEST(StreamLint, stream_that_drops_no_dead_letter_is_taken) {
  const std::vector<std::function<void(StreamInfo&)>> cases{
      [](auto& s) { s.max_messages = 1; },  // and refuses the next one
      [](auto& s) {
        s.max_messages_per_subject = 1;
        s.discard_new_per_subject = true;
      },
      [](auto& s) {
        s.subjects = {"hangar.dlq.*", "hangar.dlq.force.*", "more"};
      },
      [](auto& s) { s.stored_subjects.clear(); },
      [](auto& s) {
        s.discard = "old";
        s.max_bytes = -1;  // which is warned of
      },
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    StreamInfo stream = good_letters();
    cases[i](stream);
    EXPECT_EQ(refusals(lint_dead_letters(stream, 8 << 20)), "") << i;
  }
}

TEST(StreamLint, no_filter_is_as_good_as_a_filter_on_the_only_subject) {
  StreamInfo stream = good_stream();
  ConsumerInfo consumer = good_consumer();
  consumer.filter_subjects.clear();
  EXPECT_TRUE(lint_consumer(stream, consumer, "events.>", 4000).empty());
  stream.subjects.emplace_back("more.>");
  EXPECT_FALSE(lint_consumer(stream, consumer, "events.>", 4000).empty());
}

TEST(StreamLint, unlimited_ack_pending_is_enough) {
  ConsumerInfo consumer = good_consumer();
  consumer.max_ack_pending = -1;
  EXPECT_TRUE(lint_consumer(good_stream(), consumer, "events.task", 4000).empty());
}

TEST(StreamLint, stream_that_shares_no_subject_with_the_filter_is_refused) {
  StreamInfo stream = good_stream();
  stream.stored_subjects = stream.subjects;
  for (const char* shared : {"", "events.task", "events.*", ">"}) {
    EXPECT_TRUE(lint_subjects(stream, shared).empty()) << shared;
  }
  const auto found = lint_subjects(stream, "prefect.events.task-run");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Finding::Severity::refuse);
  EXPECT_EQ(found[0].field, "subjects");
  EXPECT_NE(found[0].problem.find("events.>"), std::string::npos) << found[0].problem;
  stream.stored_subjects = {"moved.>"};
  ASSERT_EQ(lint_subjects(stream, "events.task").size(), 1U);
  EXPECT_EQ(lint_subjects(stream, "events.task")[0].field, "subject_transform");
  stream.fed_by = "mirror";
  ASSERT_EQ(lint_subjects(stream, "events.task").size(), 1U);
  EXPECT_EQ(lint_subjects(stream, "events.task")[0].field, "mirror");
  EXPECT_TRUE(lint_subjects(stream, "moved.task").empty());
  stream.stored_subjects.clear();
  EXPECT_TRUE(lint_subjects(stream, "events.task").empty()) << "nobody can tell";
}

}  // namespace
}  // namespace hangar
