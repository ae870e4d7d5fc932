#include "out/subscriber_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/error.hpp"
#include "out/matching.hpp"
#include "prefect/present.hpp"

namespace hangar::gateway {
namespace {

constexpr prefect::EventLimits index_limits{500, 100, 1024};

class SubscriberIndexTest : public ::testing::Test {
 protected:
  Subscriber& subscriber(const std::string& filter, std::size_t most_bytes = 1000) {
    EventFilter read = reader_.filter(reader_.document().parse(filter), prefect::present());
    read.since = 0;
    subscribers_.push_back(
        std::make_unique<Subscriber>(io_.get_executor(), std::move(read), most_bytes));
    return *subscribers_.back();
  }
  const SeenEvent& event(const std::string& name, const std::string& resource,
                         const std::string& related = "x") {
    json_ = R"({"id":"0190a3b2-0000-7000-8000-000000000001","occurred":"2020-01-01T00:00:00Z",)"
            R"("event":")" +
            name + R"(","resource":{"prefect.resource.id":")" + resource +
            R"("},"related":[{"prefect.resource.id":")" + related +
            R"(","prefect.resource.role":"a"}]})";
    return reader_.read(json_);
  }
  /// Whoever wants the event, asked one by one.
  std::vector<Subscriber*> asked(const SeenEvent& event) {
    std::vector<Subscriber*> found;
    for (const auto& each : subscribers_) {
      if (includes(each->filter(), event)) found.push_back(each.get());
    }
    return found;
  }
  static std::vector<Subscriber*> sorted(std::vector<Subscriber*> all) {
    std::ranges::sort(all);
    return all;
  }

  boost::asio::io_context io_;
  EventReader reader_{index_limits};
  std::string json_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  SubscriberIndex index_;
};

const std::vector<std::string> filters{
    "{}",
    R"({"event":{"name":["a","b","a"]}})",
    R"({"event":{"prefix":["a","ab",""]}})",
    R"({"event":{"prefix":["ab"],"exclude_name":["abc"]}})",
    R"({"resource":{"id":["r","r","s"]}})",
    R"({"any_resource":{"id":["r","x"]}})",
    R"({"any_resource":[{"id_prefix":["r"]},{"id":["x","y"]}]})",
    R"({"resource":{"id_prefix":["r"]},"event":{"name":["abc"]}})",
    R"({"id":{"id":["0190a3b2-0000-7000-8000-000000000001"]}})",
    R"({"id":{"id":["0190a3b2-0000-7000-8000-000000000002"]}})",
    R"({"related":{"id":["x"]}})",
};

TEST_F(SubscriberIndexTest, finds_whom_asking_all_of_them_finds) {
  for (const std::string& filter : filters) index_.add(subscriber(filter));
  std::size_t found = 0;
  while (!subscribers_.empty()) {
    EXPECT_EQ(index_.size(), subscribers_.size());
    for (const char* name : {"a", "b", "ab", "abc", "", "z"}) {
      for (const char* resource : {"r", "s", "x", "rr"}) {
        for (const char* related : {"x", "r", "z"}) {
          const SeenEvent& seen = event(name, resource, related);
          EXPECT_EQ(sorted(index_.who_want(seen)), sorted(asked(seen))) << json_;
          found += index_.who_want(seen).size();
        }
      }
    }
    index_.remove(*subscribers_.front());
    subscribers_.erase(subscribers_.begin());
  }
  EXPECT_GT(found, 100U);
  EXPECT_TRUE(index_.who_want(event("a", "r")).empty());
}

TEST_F(SubscriberIndexTest, who_cannot_want_an_event_is_not_asked) {
  std::vector<Subscriber*> others;
  for (int i = 0; i < 10; ++i) {
    others.push_back(&subscriber(R"({"event":{"name":["other"]}})"));
    others.push_back(&subscriber(R"({"resource":{"id":["other"]}})"));
    others.push_back(&subscriber(R"({"event":{"prefix":["oth"]}})"));
  }
  for (Subscriber* each : others) index_.add(*each);
  EXPECT_TRUE(index_.who_want(event("a", "r")).empty());
  for (Subscriber* each : others) EXPECT_EQ(each->asked, 0U);
}

TEST_F(SubscriberIndexTest, a_subscriber_holds_so_many_bytes_and_then_none) {
  Subscriber& slow = subscriber("{}", 100);
  auto frame = std::make_shared<EventFrame>();
  frame->text.assign(60, 'x');
  slow.offer(frame);
  EXPECT_FALSE(slow.slow());
  EXPECT_EQ(frame.use_count(), 2);
  slow.offer(frame);
  EXPECT_TRUE(slow.slow());
  EXPECT_EQ(frame.use_count(), 1);
  slow.offer(frame);
  EXPECT_EQ(frame.use_count(), 1);
}

// Of an event and a filter as long as they may be, each by each would take hours.
// A source may be behind what was read of the stream again; a stream that began anew is another.
TEST_F(SubscriberIndexTest, what_a_subscriber_was_sent_of_the_stream_is_left_out) {
  using Time = Subscriber::StreamTime;
  const Time then{std::chrono::seconds{100}};
  const Time later = then + std::chrono::nanoseconds{1};
  Subscriber& one = subscriber("{}");
  EXPECT_FALSE(one.has_had(1, then));
  one.had_up_to(7, then);
  EXPECT_TRUE(one.has_had(1, then - std::chrono::seconds{1}));
  EXPECT_TRUE(one.has_had(7, then));
  EXPECT_FALSE(one.has_had(8, then));
  EXPECT_FALSE(one.has_had(1, later));
}

TEST_F(SubscriberIndexTest, who_asks_too_much_is_ended_and_others_are_not) {
  Subscriber& costly = subscriber(R"({"resource":{"labels":{"prefect.resource.id":"*?)" +
                                  std::string(10'000, 'a') + R"(b*"}}})");
  Subscriber& other = subscriber("{}");
  index_.add(costly);
  index_.add(other);
  const SeenEvent& seen = event("a", std::string(20'000, 'a'));
  for (int times = 0; times < 2; ++times) {
    EXPECT_EQ(index_.who_want(seen), std::vector<Subscriber*>{&other});
    EXPECT_TRUE(costly.costly() && costly.ended());
    EXPECT_EQ(costly.asked, 1U);  // No more than once.
  }
  EXPECT_FALSE(other.costly() || other.ended());
}

TEST_F(SubscriberIndexTest, each_word_of_a_search_takes_steps_once) {
  json_ = R"({"id":"0190a3b2-0000-7000-8000-000000000001","occurred":"2020-01-01T00:00:00Z",)"
          R"("event":"e","resource":{"prefect.resource.id":"x"},"payload":{"p":")" +
          std::string(1'400'000, 'a') + R"("}})";
  EventReader reader{{500, 100, 2'000'000}};
  const SeenEvent& seen = reader.read(json_);
  std::string same;
  std::string other;
  for (char c = '0'; c <= '9'; ++c) {
    same += "ab ";
    other += std::string{"ab"} + c + ' ';
  }
  const EventFilter& one = subscriber(R"({"text":{"query":")" + same + R"("}})").filter();
  EXPECT_FALSE(includes(one, seen) || selects(one, seen, seen.searched()));
  const EventFilter& many = subscriber(R"({"text":{"query":")" + other + R"("}})").filter();
  EXPECT_THROW(includes(many, seen), TooManySteps);
  EXPECT_THROW(selects(many, seen, seen.searched()), TooManySteps);
}

TEST_F(SubscriberIndexTest, all_lists_of_a_filter_have_so_many_values_together) {
  const auto list = [](int count, const std::string& value) {
    std::string made = "[";
    for (int i = 0; i < count; ++i) made += value + ',';
    made.back() = ']';
    return made;
  };
  const auto with = [](std::string_view filter, const std::string& values) {
    return boost::replace_all_copy(std::string{filter}, "$", values);
  };
  const std::string half = list(5'000, R"("a")");
  subscriber(with(R"({"event":{"name":$}})", list(9'990, R"("a")")));
  const std::string id = R"("0190a3b2-0000-7000-8000-000000000001")";
  for (const std::string& filter : {
           with(R"({"id":{"id":$}})", list(10'000, id)),
           with(R"({"event":{"name":$,"prefix":$}})", half),
           with(R"({"resource":{"labels":{"a":$}},"any_resource":{"id":$}})", half),
           with(R"({"related":[{"labels":{"a":$}},{"labels":{"a":$}}]})", half),
           with(R"({"related":[{"resources_in_roles":$}]})", list(3'400, R"(["a","b"])")),
           with(R"({"any_resource":$})", list(2'600, R"({"labels":{"a":["b"]}})")),
       }) {
    EXPECT_THROW(subscriber(filter), DataError) << filter.substr(0, 40);
  }
}

TEST_F(SubscriberIndexTest, each_part_of_a_filter_takes_steps) {
  std::string many = R"(["0190a3b2-0000-7000-8000-000000000002")";
  for (int i = 0; i < 9'900; ++i) many += R"(,"0190a3b2-0000-7000-8000-000000000003")";
  many += ']';
  json_ = R"({"id":"0190a3b2-0000-7000-8000-000000000001","occurred":"2020-01-01T00:00:00Z",)"
          R"("event":"e","resource":{"prefect.resource.id":"x","a":"b"},"related":[)";
  for (int i = 0; i < 300; ++i) {
    json_ += R"({"prefect.resource.id":"r","prefect.resource.role":"a","a":"b"},)";
  }
  json_.back() = ']';
  json_ += "}";
  EventReader reader{{500, 300, 1024}};
  const SeenEvent& seen = reader.read(json_);
  for (const std::string& filter : {
           R"({"any_resource":{"id":)" + many + "}}",
           R"({"any_resource":{"id_prefix":)" + many + "}}",
           R"({"any_resource":{"labels":{"a":)" + many + "}}}",
       }) {
    EventReader other{index_limits};
    EventFilter read = other.filter(other.document().parse(filter), prefect::present());
    read.since = 0;
    EXPECT_THROW(includes(read, seen), TooManySteps) << filter.substr(0, 40);
    EXPECT_THROW(selects(read, seen, ""), TooManySteps) << filter.substr(0, 40);
  }
}

}  // namespace
}  // namespace hangar::gateway
