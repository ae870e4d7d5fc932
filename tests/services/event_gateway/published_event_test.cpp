#include "prefect/published_event.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "prefect/json/compact_json.hpp"

namespace hangar::prefect {
namespace {

constexpr Timestamp received{std::chrono::microseconds{1'700'000'000'123'456}};

PublishedEvent published(std::string_view json) {
  static JsonDocument document;
  static std::array<std::byte, 4096> memory;
  std::pmr::monotonic_buffer_resource texts{memory.data(), memory.size()};
  const StorageLimits storage{};
  document.look_for_nul(false);
  return published_event(FieldReader{texts, received, storage}, document.parse(json), {}, received);
}

TEST(PublishedEvent, is_what_prefect_publishes_of_the_least_event) {
  const auto made = published(
      R"({"id":"{0190A3B2-0000-7000-8000-00000000000A}","received":"never",)"
      R"("occurred":"2026-11-20T01:00:00.5000009+01:00","event":"prefect.task-run.Run\u00e9",)"
      R"("resource":{"prefect.resource.id":"a\/b"},"other":1})");
  EXPECT_EQ(made.id, "0190a3b2-0000-7000-8000-00000000000a");
  EXPECT_EQ(made.subject, "prefect.events.task-run");
  EXPECT_EQ(
      made.attributes,
      R"({"id": "0190a3b2-0000-7000-8000-00000000000a", "event": "prefect.task-run.Run\u00e9"})");
  EXPECT_EQ(
      made.body,
      "{\"occurred\":\"2026-11-20T01:00:00.500000+01:00\",\"event\":\"prefect.task-run.Run\xC3"
      "\xA9\",\"resource\":{\"prefect.resource.id\":\"a/b\"},\"related\":[],\"payload\":{},"
      "\"id\":\"0190a3b2-0000-7000-8000-00000000000a\",\"follows\":null,"
      "\"received\":\"2023-11-14T22:13:20.123456Z\"}");
}

TEST(PublishedEvent, what_clients_may_not_send_is_refused_with_a_place) {
  const std::string head =
      R"({"id":"0190a3b2-0000-7000-8000-00000000000a","occurred":"2026-11-20T00:00:00Z",)";
  const std::vector<std::pair<std::string, std::string>> cases{
      {head + R"("event":"e","resource":{}})", "/resource/prefect.resource.id"},
      {head + R"("event":"e","resource":{"prefect.resource.id":""}})",
       "/resource/prefect.resource.id"},
      {head + R"("event":"e","resource":{"prefect.resource.id":"r"},"payload":null})", "/payload"},
      {head + R"("event":"e","resource":{"prefect.resource.id":"r"},"related":null})", "/related"},
      {head + R"("resource":{"prefect.resource.id":"r"}})", "/event"},
      {head + R"("event":"e","resource":{"prefect.resource.id":"r"},"follows":"x"})", "/follows"},
      {"[]", ""},
  };
  for (const auto& [json, pointer] : cases) {
    try {
      published(json);
      ADD_FAILURE() << json;
    } catch (const DataError& error) {
      EXPECT_EQ(error.pointer(), pointer) << json;
    }
  }
}

TEST(CompactJson, of_many_members_the_last_of_a_name_counts) {
  for (const int count : {2, 32, 33, 200}) {
    std::string json = "{";
    std::string expected = R"({"member 0":-1)";
    for (int i = 0; i < count; ++i) json += fmt::format(R"("member {}":{},)", i, i);
    for (int i = 1; i < count; ++i) expected += fmt::format(R"(,"member {}":{})", i, i);
    JsonDocument document;
    std::string written;
    append_compact_json(written, document.parse(json + R"("member 0":-1})"));
    EXPECT_EQ(written, expected + '}');
  }
}

TEST(CompactJson, names_count_in_their_own_object) {
  std::string deep = R"({"a":1,"b":2})";
  for (int i = 0; i < 100; ++i) deep.insert(0, R"({"a":)").append(R"(,"b":"x"})");
  JsonDocument document;
  std::string written;
  append_compact_json(written, document.parse(deep));
  EXPECT_EQ(written, deep);
}

TEST(CompactJson, is_written_as_pydantic_writes_it) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({ "a" : [ 1 , 2 ] , "b" : { } , "c" : [ ] })", R"({"a":[1,2],"b":{},"c":[]})"},
      {R"({"a":1,"b":2,"a":3})", R"({"a":3,"b":2})"},
      {R"([{"a":1,"\u0061":[2 ,{"b":1,"b":2}]},{"k":"v"}])", R"([{"a":[2,{"b":2}]},{"k":"v"}])"},
      {R"({"prefect.resource.id":1,"prefect.resource.in":2,"prefect.resource.id":{"x" :"y"}})",
       R"({"prefect.resource.id":{"x":"y"},"prefect.resource.in":2})"},
      {R"("\u00e9\ud83d\ude00\/\u001F\u007f\u0000")",
       "\"\xC3\xA9\xF0\x9F\x98\x80/\\u001f\x7F\\u0000\""},
      {R"("\"\\\b\f\n\r\t")", R"("\"\\\b\f\n\r\t")"},
      {"[1e2,1E2,100.0,-0,-0.0,1.5]", "[100.0,100.0,100.0,0,-0.0,1.5]"},
      {"[0.1,0.05,1.50,-2.25,123456789.123456,0.30000000000000004,5.0, 7.0]",
       "[0.1,0.05,1.5,-2.25,123456789.123456,0.30000000000000004,5.0,7.0]"},
      {"[1e15,1e16,123456789012345680.0,1e22]",
       "[1000000000000000.0,1e+16,1.2345678901234568e+17,1e+22]"},
      {"[0.001,1e-4,1e-5,-1.5e-5,1e-6,5e-324]", "[0.001,0.0001,0.00001,-0.000015,1e-6,5e-324]"},
      {"[NaN,Infinity,-Infinity,1e400,true,null]", "[null,null,null,null,true,null]"},
      {"[12345678901234567890123]", "[12345678901234567890123]"},
  };
  JsonDocument document;
  document.look_for_nul(false);
  for (const auto& [json, expected] : cases) {
    std::string made;
    append_compact_json(made, document.parse(json));
    EXPECT_EQ(made, expected) << json;
  }
}

}  // namespace
}  // namespace hangar::prefect
