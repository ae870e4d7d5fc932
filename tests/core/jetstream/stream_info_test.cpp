#include "jetstream/stream_info.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace hangar {
namespace {

using namespace std::chrono_literals;

TEST(StreamInfo, answer_of_the_server_is_read) {
  const auto answer = boost::json::parse(R"({
    "type":"io.nats.jetstream.api.v1.stream_info_response","created":"2026-11-24T03:32:52.9Z",
    "config":{"name":"S","subjects":["s.>"],"retention":"limits","storage":"file","discard":"new",
      "max_age":604800000000000,"duplicate_window":300000000000,"max_msgs":-1,"max_bytes":-1,
      "max_msgs_per_subject":-1,"max_msg_size":-1,"num_replicas":3,"sealed":true},
    "state":{"messages":4,"first_seq":7,"last_seq":10}})");
  const StreamInfo info = to_stream_info(answer.as_object());
  EXPECT_EQ(info.name, "S");
  EXPECT_EQ(info.subjects, std::vector<std::string>{"s.>"});
  EXPECT_EQ(info.discard, "new");
  EXPECT_EQ(info.max_age, 168h);
  EXPECT_EQ(info.duplicate_window, 5min);
  EXPECT_EQ(info.replicas, 3);
  EXPECT_TRUE(info.sealed);
  EXPECT_EQ(info.created, "2026-11-24T03:32:52.9Z");
  EXPECT_EQ(info.first_sequence, 7U);
  EXPECT_EQ(info.last_sequence, 10U);
}

TEST(StreamInfo, leader_that_hears_no_majority_has_no_quorum) {
  struct Case {
    const char* cluster;
    bool has_quorum;
  };
  for (const auto& [cluster, expected] : {
           Case{"{}", true},
           Case{R"({"leader": "a"})", true},
           Case{R"({"replicas": [{"active": 100000000}, {"active": 900000000}]})", true},
           Case{R"({"replicas": [{"active": 100000000}, {"active": 60000000000}]})", true},
           Case{R"({"replicas": [{"active": 4000000000}, {"active": 5000000000}]})", false},
           Case{R"({"replicas": [{"active": 100, "offline": true}, {"active": 5000000000}]})",
                false},
       }) {
    const std::string info = fmt::format(R"({{"cluster": {}}})", cluster);
    EXPECT_EQ(to_stream_info(boost::json::parse(info).as_object()).has_quorum, expected) << cluster;
  }
}

TEST(StreamInfo, consumer_of_either_filter_form_is_read) {
  const auto one = to_consumer_info(
      boost::json::parse(R"({"created":"c","config":{"durable_name":"D","ack_policy":"explicit",
        "filter_subject":"s.a","max_deliver":-1,"ack_wait":30000000000,"backoff":[1,2]},
        "delivered":{"consumer_seq":9,"stream_seq":12},"ack_floor":{"stream_seq":5},
        "num_pending":3,"num_ack_pending":4,"num_waiting":1})")
          .as_object());
  EXPECT_EQ(one.filter_subjects, std::vector<std::string>{"s.a"});
  EXPECT_EQ(one.ack_wait, 30s);
  EXPECT_EQ(one.backoff, 2U);
  EXPECT_EQ(one.delivered_sequence, 12U);
  EXPECT_EQ(one.ack_floor, 5U);
  EXPECT_EQ(one.pending, 3U);
  EXPECT_EQ(one.ack_pending, 4U);
  const auto many = to_consumer_info(
      boost::json::parse(R"({"config":{"filter_subjects":["a","b"]}})").as_object());
  EXPECT_EQ(many.filter_subjects, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(many.priority_groups || many.paused);
  const auto odd = to_consumer_info(
      boost::json::parse(R"({"paused":true,"config":{"priority_groups":["a"],"max_bytes":100,
        "max_expires":1000000}})")
          .as_object());
  EXPECT_TRUE(odd.priority_groups && odd.paused);
  EXPECT_EQ(odd.max_request_bytes, 100);
  EXPECT_EQ(odd.max_request_expires, 1ms);
}

TEST(StreamInfo, settled_means_acked_up_to_the_target_or_nothing_left_at_all) {
  const auto with = [](std::uint64_t floor, std::uint64_t pending, std::uint64_t ack_pending) {
    ConsumerInfo info;
    info.ack_floor = floor;
    info.pending = pending;
    info.ack_pending = ack_pending;
    return info;
  };
  EXPECT_TRUE(settled(with(10, 5, 3), 10)) << "later messages do not count";
  EXPECT_TRUE(settled(with(7, 0, 0), 10)) << "the last messages are not for this consumer";
  EXPECT_TRUE(settled(with(0, 0, 0), 0));
  EXPECT_FALSE(settled(with(9, 0, 1), 10));
  EXPECT_FALSE(settled(with(9, 1, 0), 10));
}

TEST(StreamInfo, another_creation_time_is_another_stream_or_consumer) {
  const Incarnation known{"2026-11-24T03:32:52.965338725Z", "2026-11-24T03:32:52.966893347Z"};
  EXPECT_TRUE(same(known, known));
  EXPECT_TRUE(same(known, {known.stream_created, "2026-11-24T03:32:52.96695429Z"}))
      << "nats-server 2.9 after its first restart";
  EXPECT_FALSE(same(known, {"2026-11-24T03:32:52.965338726Z", known.consumer_created}));
  EXPECT_FALSE(same(known, {known.stream_created, "2026-11-24T03:32:54.966893347Z"}));
  EXPECT_FALSE(same(known, {}));
}

TEST(SubjectCovers, every_subject_that_matches_the_second_matches_the_first) {
  EXPECT_TRUE(subject_covers("a.>", "a.b"));
  EXPECT_TRUE(subject_covers("a.>", "a.b.c.>"));
  EXPECT_TRUE(subject_covers("a.*", "a.b"));
  EXPECT_TRUE(subject_covers("a.*", "a.*"));
  EXPECT_TRUE(subject_covers(">", "a.>"));
  EXPECT_TRUE(subject_covers("a.b", "a.b"));
  EXPECT_FALSE(subject_covers("a.>", "a"));
  EXPECT_FALSE(subject_covers("a.*", "a.>"));
  EXPECT_FALSE(subject_covers("a.b", "a.*"));
  EXPECT_FALSE(subject_covers("a.b", "a.b.c"));
  EXPECT_FALSE(subject_covers("a.*", "b.a"));
}

TEST(StreamSubject, streams_of_prefect_listen_on_their_topic_and_others_on_the_filter) {
  EXPECT_EQ(stream_subject("PREFECT_EVENTS", "prefect.events.task-run"), "prefect.events.>");
  EXPECT_EQ(stream_subject("PREFECT_EVENTS", ""), "prefect.events.>");
  EXPECT_EQ(stream_subject("PREFECT_LOGS", "prefect.logs.>"), "prefect.logs.>");
  EXPECT_EQ(stream_subject("PREFECT_EVENTS", "mine.>"), "mine.>");
  EXPECT_EQ(stream_subject("MINE", "mine.task"), "mine.task");
  EXPECT_EQ(stream_subject("PREFECT_", "x"), "x");
}

Sighting sighting(std::uint64_t first, std::uint64_t last, std::uint64_t delivered,
                  std::uint64_t pending, std::uint64_t deliveries) {
  Sighting seen;
  seen.before.subjects = {"s.>"};
  seen.before.first_sequence = first;
  seen.before.last_sequence = last;
  seen.after = seen.before;
  seen.consumer.filter_subjects = {"s.>"};
  seen.consumer.delivered_sequence = delivered;
  seen.consumer.pending = pending;
  seen.consumer.deliveries = deliveries;
  return seen;
}

TEST(LostBetween, nothing_is_lost_while_the_stream_keeps_what_is_next) {
  const Sighting then = sighting(1, 100, 40, 60, 40);
  EXPECT_EQ(lost_between(then, then), 0U);
  EXPECT_EQ(lost_between(then, sighting(41, 150, 40, 110, 40)), 0U);
}

TEST(LostBetween, what_the_stream_dropped_before_its_delivery_is_counted) {
  const Sighting then = sighting(1, 100, 40, 60, 40);
  EXPECT_EQ(lost_between(then, sighting(71, 100, 40, 30, 40)), 30U);
  // 20 were published and 10 delivered meanwhile.
  EXPECT_EQ(lost_between(then, sighting(71, 120, 80, 40, 50)), 30U);
}

TEST(LostBetween, what_was_delivered_before_it_was_dropped_is_not_lost) {
  EXPECT_EQ(lost_between(sighting(1, 100, 40, 60, 40), sighting(71, 100, 90, 10, 90)), 0U);
}

TEST(LostBetween, what_other_subjects_were_published_on_is_not_counted) {
  Sighting then = sighting(1, 100, 40, 5, 40);
  Sighting now = sighting(71, 200, 40, 2, 40);
  now.consumer.filter_subjects = then.consumer.filter_subjects = {"s.one"};
  EXPECT_EQ(lost_between(then, now), 3U);
}

TEST(StreamInfo, time_of_a_stored_message_is_read) {
  const auto answer = boost::json::parse(
      R"({"message":{"subject":"s.a","seq":1,"time":"2026-11-24T03:32:52.987654321Z"}})");
  EXPECT_EQ(stored_seconds(answer.as_object()), 1795491172U);
  EXPECT_EQ(stored_seconds({}), 0U);
}

TEST(StreamInfo, subjects_that_messages_are_stored_under_are_told) {
  const auto stored = [](const char* config) {
    return to_stream_info(boost::json::parse(config).as_object()).stored_subjects;
  };
  using Subjects = std::vector<std::string>;
  EXPECT_EQ(stored(R"({"config":{"subjects":["a.>"]}})"), Subjects{"a.>"});
  const std::pair<const char*, Subjects> fed[] = {
      {R"("mirror":{"name":"M"})", {}},
      {R"("mirror":{"name":"M","filter_subject":"b.*"})", {"b.*"}},
      {R"("mirror":{"name":"M","subject_transforms":[{"src":"b.*","dest":"c.$1"},{"src":"d"}]})",
       {"c.*", "d"}},
      {R"("mirror":{"name":"M","subject_transforms":[{"src":"","dest":""}]})", {}},
      {R"("subjects":["a"],"sources":[{"name":"M"}])", {}},
      {R"("sources":[{"name":"M","filter_subject":"b"},{"name":"N","filter_subject":"c"}])",
       {"b", "c"}},
      {R"("subjects":["a"],"sources":[{"name":"M","filter_subject":"b"}])", {"a", "b"}},
      {R"("sources":[{"name":"M"}],"subject_transform":{"src":">","dest":"x.>"})", {"x.>"}},
  };
  for (const auto& [config, subjects] : fed) {
    EXPECT_EQ(stored(fmt::format(R"({{"config":{{{}}}}})", config).c_str()), subjects) << config;
  }
  const auto transformed = [&](const std::string& from, const std::string& to) {
    return stored((R"({"config":{"subjects":["a.>","b.*"],"subject_transform":{"src":")" + from +
                   R"(","dest":")" + to + R"("}}})")
                      .c_str());
  };
  EXPECT_EQ(transformed("b.*", "c.{{wildcard(1)}}.d"), (Subjects{"c.*.d", "a.>"}));
  EXPECT_EQ(transformed("b.*", "c.$1"), (Subjects{"c.*", "a.>"}));
  EXPECT_EQ(transformed(">", "x.>"), Subjects{"x.>"});
  EXPECT_EQ(transformed("", "x.>"), Subjects{"x.>"});
  EXPECT_EQ(transformed("b.*", "c.{{split(1,-)}}.d"), (Subjects{"c.>", "a.>"}));
}

TEST(StreamInfo, what_origins_store_is_told_where_it_is_known) {
  using Subjects = std::vector<std::string>;
  const StoredSubjects known{{"M", {"a.>", "b"}}, {"N", {"c"}}};
  struct Fed {
    const char* config;
    Subjects stored;
    Subjects origins;
    const char* trouble;
  };
  const Fed rows[] = {
      {R"("mirror":{"name":"M"})", {"a.>", "b"}, {"M"}, ""},
      {R"("mirror":{"name":"M","filter_subject":"a.x"})", {"a.x"}, {"M"}, ""},
      {R"("mirror":{"name":"M","filter_subject":"x"})",
       {"x"},
       {"M"},
       "nothing comes from stream M: it stores a.>, b, and x is asked of it"},
      {R"("mirror":{"name":"M","subject_transforms":[{"src":">","dest":"x.>"}]})",
       {"x.>"},
       {"M"},
       ""},
      {R"("mirror":{"name":"unknown"})", {}, {"unknown"}, ""},
      {R"("mirror":{"name":"M","external":{"api":"$JS.hub.API"}})", {}, {}, ""},
      {R"("subjects":["s"],"sources":[{"name":"M"},{"name":"N"}])",
       {"s", "a.>", "b", "c"},
       {"M", "N"},
       ""},
      {R"("sources":[{"name":"M"},{"name":"unknown"}])", {}, {"M", "unknown"}, ""},
  };
  for (const Fed& row : rows) {
    const std::string text = fmt::format(R"({{"config":{{{}}}}})", row.config);
    const StreamInfo info = to_stream_info(boost::json::parse(text).as_object(), known);
    EXPECT_EQ(info.stored_subjects, row.stored) << row.config;
    EXPECT_EQ(info.origins, row.origins) << row.config;
    EXPECT_EQ(info.origin_trouble, row.trouble) << row.config;
  }
}

TEST(StreamInfo, an_origin_that_gives_nothing_is_named) {
  const auto trouble = [](const char* answer) {
    return to_stream_info(boost::json::parse(answer).as_object()).origin_trouble;
  };
  EXPECT_EQ(trouble(R"({"config":{},"mirror":{"name":"M","lag":0,"active":-1}})"), "");
  EXPECT_EQ(trouble(R"({"mirror":{"name":"M","error":{"description":"stream not found"}}})"),
            "nothing comes from stream M: stream not found");
  EXPECT_EQ(trouble(R"({"sources":[{"name":"M"},{"name":"N","error":{"description":"gone"}}]})"),
            "nothing comes from stream N: gone");
}

TEST(StreamInfo, patterns_meet_where_some_subject_matches_both) {
  const std::pair<const char*, const char*> meet[] = {
      {"a", "a"}, {"a.>", "a.b"}, {"a.*", "a.b"}, {"a.*.c", "a.b.*"}, {">", "x"}, {"*.b", "a.>"}};
  for (const auto& [one, other] : meet) {
    EXPECT_TRUE(subjects_meet(one, other)) << one << ' ' << other;
    EXPECT_TRUE(subjects_meet(other, one)) << one << ' ' << other;
  }
  const std::pair<const char*, const char*> apart[] = {
      {"a", "b"}, {"a.>", "a"}, {"a.*", "a.b.c"}, {"a.*.c", "a.b.d"}, {"a.b.>", "a.c.>"}};
  for (const auto& [one, other] : apart) {
    EXPECT_FALSE(subjects_meet(one, other)) << one << ' ' << other;
    EXPECT_FALSE(subjects_meet(other, one)) << one << ' ' << other;
  }
}

}  // namespace
}  // namespace hangar
