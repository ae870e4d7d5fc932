#include "jetstream/publish_subject.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "hangar/error.hpp"

namespace hangar {
namespace {

TEST(PublishDefaults, name_of_the_event_chooses_the_subject) {
  const auto subject = [](std::string_view line) { return publish_defaults(line).subject; };
  EXPECT_EQ(subject(R"({"event":"prefect.task-run.Running"})"), "prefect.events.task-run");
  EXPECT_EQ(subject(R"({"event":"prefect.task-run"})"), "prefect.events.task-run");
  EXPECT_EQ(subject(R"({"event":"prefect.flow-run.Running"})"), "prefect.events.other");
  EXPECT_EQ(subject(R"({"event":"x"})"), "prefect.events.other");
  EXPECT_EQ(subject(R"({"event":7})"), "prefect.events.task-run");
  EXPECT_EQ(subject(R"({})"), "prefect.events.task-run");
  EXPECT_EQ(subject(R"([1])"), "prefect.events.task-run");
  EXPECT_EQ(subject("not json"), "prefect.events.task-run");
}

TEST(PublishDefaults, a_line_that_is_no_json_is_at_fault_at_a_column) {
  const std::pair<const char*, std::size_t> faults[] = {{"this", 1},
                                                        {R"({"a":x})", 6},
                                                        {R"({"a":1)", 7},
                                                        {R"({"a":1} {})", 9},
                                                        {"\xEF\xBB\xBF{}", 1}};
  for (const auto& [line, column] : faults) {
    const auto fault = json_fault(line);
    ASSERT_TRUE(fault) << line;
    EXPECT_EQ(fault->column, column) << line << ": " << fault->what;
    EXPECT_FALSE(fault->what.empty());
  }
  for (const char* line : {"{}", " {} ", "[1]", "{}\r"}) EXPECT_FALSE(json_fault(line)) << line;
}

TEST(PublishDefaults, id_is_taken_only_where_it_fits_a_header) {
  const auto id = [](std::string_view line) { return publish_defaults(line).id; };
  EXPECT_EQ(id(R"({"id":"abc"})"), "abc");
  EXPECT_EQ(id(R"({"id":7})"), "");
  EXPECT_EQ(id(R"({"id":"a b"})"), "");
  EXPECT_EQ(id(R"({"id":"a\r\nInjected: yes"})"), "");
  EXPECT_EQ(id(R"({"id":")" + std::string(300, 'x') + R"("})"), "");
  EXPECT_EQ(id(R"({})"), "");
}

TEST(PublishDefaults, json_is_told_from_what_is_none_also_when_it_is_deep) {
  EXPECT_TRUE(publish_defaults("null").json);
  EXPECT_FALSE(publish_defaults("").json);
  EXPECT_FALSE(publish_defaults("{").json);
  EXPECT_TRUE(publish_defaults(std::string(200, '[') + std::string(200, ']')).json);
}

TEST(StreamOfSubject, topic_names_the_stream) {
  EXPECT_EQ(stream_of_subject("prefect.events.task-run"), "PREFECT_EVENTS");
  EXPECT_EQ(stream_of_subject("prefect.logs.x.y"), "PREFECT_LOGS");
  EXPECT_EQ(stream_of_subject("prefect.events"), std::nullopt);
  EXPECT_EQ(stream_of_subject("prefect..x"), std::nullopt);
  EXPECT_EQ(stream_of_subject("mine.events.x"), std::nullopt);
}

TEST(EventsOf, list_is_cut_into_its_events_as_they_are_written) {
  using Events = std::vector<std::string_view>;
  EXPECT_EQ(events_of(R"([{"id": "a,]\"}"}, {"n":1.50,"l":[1,{"x":2}]} ])"),
            (Events{R"({"id": "a,]\"}"})", R"({"n":1.50,"l":[1,{"x":2}]})"}));
  EXPECT_EQ(events_of(R"({"total":2,"events" : [{"a":1},{"b":2}],"next":null})"),
            (Events{R"({"a":1})", R"({"b":2})"}));
  EXPECT_EQ(events_of("[]"), Events{});
  EXPECT_EQ(events_of(R"({"events":[]})"), Events{});
  for (const char* one : {R"({"event":"x","payload":{"events":[1]}})", R"({"events":7})", "[1", "",
                          R"({"event":"x","events":[{}]})", "7", "not json [\"events\"]"}) {
    EXPECT_EQ(events_of(one), std::nullopt) << one;
  }
}

TEST(PublishSubject, a_wildcard_is_for_readers) {
  EXPECT_NO_THROW(check_publish_subject("prefect.events.task-run", "--subject"));
  for (const char* subject :
       {"prefect.events.*", "prefect.>", ">", "*", "a.*.b", "a*b", "", "a b"}) {
    EXPECT_THROW(check_publish_subject(subject, "--subject"), ConfigError) << subject;
  }
}

}  // namespace
}  // namespace hangar
