#include "jetstream/steered_consumer.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

namespace json = boost::json;

namespace hangar {
namespace {

TEST(SteeredConsumer, only_the_filter_of_a_configuration_is_replaced) {
  struct Row {
    const char* before;
    std::vector<std::string> subjects;
    const char* after;
  };
  const std::vector<Row> rows{
      {R"({"ack_wait":30,"filter_subject":"a.>"})", {}, R"({"ack_wait":30})"},
      {R"({"ack_wait":30})", {"b"}, R"({"ack_wait":30,"filter_subject":"b"})"},
      {R"({"filter_subjects":["a","b"]})", {"c"}, R"({"filter_subject":"c"})"},
      {R"({"filter_subject":"a"})", {"b", "c"}, R"({"filter_subjects":["b","c"]})"},
  };
  for (const Row& row : rows) {
    const json::object config = json::parse(row.before).as_object();
    EXPECT_EQ(with_filter(config, row.subjects), json::parse(row.after).as_object()) << row.before;
  }
}

TEST(SteeredConsumer, what_an_older_server_would_misread_is_told) {
  struct Row {
    std::vector<std::string> before;
    std::vector<std::string> subjects;
    const char* fault;
  };
  const std::vector<Row> rows{
      {{"a"}, {}, nullptr},
      {{"a"}, {"b"}, nullptr},
      {{}, {"b"}, nullptr},
      {{"a.*"}, {"b.>"}, nullptr},
      {{"a.>"}, {"b"}, nullptr},
      {{"a"}, {"b.>"}, "`b.>` in the place of a filter without a wildcard"},
      {{}, {"*.b"}, "`*.b` in the place of a filter without a wildcard"},
      {{"a.>"}, {"b", "c"}, "2 filter subjects need nats-server 2.10"},
  };
  for (const Row& row : rows) {
    const std::string fault = filter_fault(row.before, row.subjects);
    if (row.fault == nullptr) {
      EXPECT_EQ(fault, "");
    } else {
      EXPECT_TRUE(fault.starts_with(row.fault)) << fault;
    }
  }
}

}  // namespace
}  // namespace hangar
