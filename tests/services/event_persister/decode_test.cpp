// What each form of a value becomes is in tests/golden; here is what holds for every event.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "event_decoder.hpp"
#include "hangar/error.hpp"
#include "noon.hpp"

namespace hangar::persister {
namespace {

std::string event_json(const std::string& members) {
  return R"({"occurred": "2026-11-20T12:00:00Z", "id": "00000000-0000-4000-8000-000000000001", )" +
         members + "}";
}

std::string reason_of(EventDecoder& decoder, const std::string& json) {
  try {
    static_cast<void>(decoder.decode(json, noon));
  } catch (const DataError& error) {
    return error.reason();
  }
  return "none";
}

TEST(EventDecoder, what_is_missing_is_empty) {
  EventDecoder decoder{{}};
  const auto json = event_json(R"("event": "e", "resource": {"prefect.resource.id": "a"})");
  const EventRows rows = decoder.decode(json, noon).value();
  EXPECT_EQ(rows.related, "[]");
  EXPECT_EQ(rows.related_resource_ids, "[]");
  EXPECT_EQ(rows.payload, "{}");
  EXPECT_FALSE(rows.follows);
  EXPECT_FALSE(rows.received);
  ASSERT_EQ(rows.resources.size(), 1);
  EXPECT_EQ(rows.resources[0].resource, "{}");
}

TEST(EventDecoder, a_resource_has_a_row_without_its_id_and_role) {
  EventDecoder decoder{{}};
  const auto json = event_json(
      R"("event": "e", "resource": {"x": "é", "prefect.resource.role": "r",
         "prefect.resource.id": "a", "y": "{"},
         "related": [{"prefect.resource.id": "b", "prefect.resource.role": "tag", "z": "1"},
                     {"prefect.resource.role": "old", "prefect.resource.id": "c",
                      "prefect.resource.role": "new"}])");
  const EventRows rows = decoder.decode(json, noon).value();
  EXPECT_EQ(rows.resource, R"({"x": "\u00e9", "prefect.resource.role": "r", )"
                           R"("prefect.resource.id": "a", "y": "{"})");
  EXPECT_EQ(rows.related_resource_ids, R"(["b", "c"])");
  ASSERT_EQ(rows.resources.size(), 3);
  EXPECT_EQ(rows.resources[0].resource_id, "a");
  EXPECT_EQ(rows.resources[0].resource_role, "");
  EXPECT_EQ(rows.resources[0].resource, R"({"x": "\u00e9", "y": "{"})");
  EXPECT_EQ(rows.resources[1].resource_role, "tag");
  EXPECT_EQ(rows.resources[1].resource, R"({"z": "1"})");
  EXPECT_EQ(rows.resources[2].resource_role, "new");
  EXPECT_EQ(rows.resources[2].resource, "{}");
}

TEST(EventDecoder, nothing_of_an_event_is_in_the_next) {
  EventDecoder decoder{{}};
  const auto small = event_json(R"("event": "e", "resource": {"prefect.resource.id": "a"})");
  const auto large = event_json(
      R"("event": "f", "resource": {"prefect.resource.id": "b", "l": "m"}, "payload": {"p": 1},
         "related": [{"prefect.resource.id": "c", "prefect.resource.role": "r"}],
         "follows": "00000000-0000-4000-8000-000000000002", "received": 1)");
  const std::string broken = large.substr(0, large.size() - 2) + "[]}";
  static_cast<void>(decoder.decode(large, noon));
  EXPECT_EQ(reason_of(decoder, broken), "wrong_type");
  const EventRows rows = decoder.decode(small, noon).value();
  EXPECT_EQ(rows.event, "e");
  EXPECT_EQ(rows.resource, R"({"prefect.resource.id": "a"})");
  EXPECT_EQ(rows.related, "[]");
  EXPECT_EQ(rows.payload, "{}");
  EXPECT_FALSE(rows.follows);
  EXPECT_EQ(rows.resources.size(), 1);
}

TEST(EventDecoder, what_is_packed_does_not_depend_on_the_message) {
  EventDecoder decoder{{}};
  std::vector<std::byte> memory;
  EventRows copy;
  {
    const auto json = event_json(
        R"("event": "e\n", "resource": {"prefect.resource.id": "a", "l": "m"}, "payload": {"p": 1},
           "related": [{"prefect.resource.id": "\u00e9", "prefect.resource.role": "r"}])");
    const EventRows rows = decoder.decode(json, noon).value();
    memory.resize(packed_size(rows));
    copy = packed(rows, memory.data());
  }
  const auto other =
      event_json(R"("event": "other", "resource": {"prefect.resource.id": "other"})");
  static_cast<void>(decoder.decode(other, noon));
  EXPECT_EQ(copy.event, "e\n");
  EXPECT_EQ(copy.payload, R"({"p": 1})");
  ASSERT_EQ(copy.resources.size(), 2);
  EXPECT_EQ(copy.resources[0].resource, R"({"l": "m"})");
  EXPECT_EQ(copy.resources[1].resource_id, "é");
  EXPECT_EQ(copy.resources[1].resource_role, "r");
}

TEST(EventDecoder, nul_anywhere_is_refused_where_the_storage_cannot_hold_it) {
  const std::string nul = R"(\u0000)";
  for (const auto& members : {
           R"("event": ")" + nul + R"(", "resource": {"prefect.resource.id": "a"})",
           R"("event": "e", "resource": {"prefect.resource.id": "a)" + nul + R"("})",
           R"("event": "e", "resource": {"prefect.resource.id": "a", ")" + nul + R"(": "b"})",
           R"("event": "e", "resource": {"prefect.resource.id": "a", "b": ")" + nul + R"("})",
           R"("event": "e", "resource": {"prefect.resource.id": "a"}, "payload": {"p": [")" + nul +
               R"("]})",
           R"("event": "e", "resource": {"prefect.resource.id": "a"}, "payload": {")" + nul +
               R"(": 1})",
           R"("event": "e", "resource": {"prefect.resource.id": "a"}, "related":
              [{"prefect.resource.id": "b", "prefect.resource.role": "r)" +
               nul + R"("}])",
       }) {
    EventDecoder decoder{{}};
    EXPECT_EQ(reason_of(decoder, event_json(members)), "nul_byte") << members;
    decoder.fit({.nul = true});
    EXPECT_EQ(reason_of(decoder, event_json(members)), "none") << members;
  }
}

TEST(EventDecoder, what_is_no_event_is_refused_with_its_reason) {
  EventDecoder decoder{{.labels_per_resource = 1, .related_resources = 0, .event_name_length = 2}};
  const std::string resource = R"("resource": {"prefect.resource.id": "a"})";
  EXPECT_EQ(reason_of(decoder, "{"), "parse_error");
  EXPECT_EQ(reason_of(decoder, "[]"), "not_an_event");
  EXPECT_EQ(reason_of(decoder, "{}"), "missing_field");
  EXPECT_EQ(reason_of(decoder, event_json(R"("event": "long", )" + resource)), "too_long");
  EXPECT_EQ(reason_of(decoder, event_json(R"("event": "e", "payload": null, )" + resource)),
            "null_not_allowed");
  EXPECT_EQ(reason_of(decoder, event_json(R"("event": "e", "received": null, )" + resource)),
            "null_not_allowed");
  EXPECT_EQ(reason_of(decoder, event_json(R"("event": "e", "follows": "x", )" + resource)),
            "invalid_uuid");
  EXPECT_EQ(reason_of(decoder, event_json(R"("event": "e", "related": [{"prefect.resource.id": "b",
                                         "prefect.resource.role": "r"}], )" +
                                          resource)),
            "too_long");
}

TEST(EventDecoder, an_event_that_is_left_out_must_be_one) {
  EventDecoder decoder{{}, {{}, {"noise.*"}}};
  const std::string resource = R"("resource": {"prefect.resource.id": "a\u0000"})";
  EXPECT_FALSE(decoder.decode(event_json(R"("event": "noise.x", )" + resource), noon));
  EXPECT_EQ(reason_of(decoder, event_json(R"("event": "noise.x")")), "missing_field");
  EXPECT_EQ(reason_of(decoder, event_json(R"("event": "other", )" + resource)), "nul_byte");
}

}  // namespace
}  // namespace hangar::persister
