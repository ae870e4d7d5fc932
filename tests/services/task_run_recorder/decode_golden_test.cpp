#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <memory_resource>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "decode_case.hpp"
#include "event_decoder.hpp"
#include "hangar/error.hpp"
#include "postgres_limits.hpp"

namespace hangar::recorder::test {
namespace {

/// The lines that the reference refused, with its class of error.
struct Golden {
  std::map<std::size_t, std::string> rejected;
  std::size_t skipped = 0;
};

std::string contents(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) ADD_FAILURE() << "cannot read " << path;
  return {std::istreambuf_iterator<char>{in}, {}};
}

Golden read_golden(const std::string& name) {
  const auto parsed = boost::json::parse(contents(GOLDEN_FOLDER "/" + name + ".rows.json"));
  Golden golden;
  for (const auto& one : parsed.at("rejected").as_array()) {
    golden.rejected[one.at("line").to_number<std::size_t>()] = one.at("error").as_string();
  }
  golden.skipped = parsed.at("skipped").to_number<std::size_t>();
  return golden;
}

class DecodeGolden : public testing::TestWithParam<const char*> {};

TEST_P(DecodeGolden, verdicts_that_need_no_other_row_are_the_references) {
  const Golden golden = read_golden(GetParam());
  std::istringstream stream{contents(std::string{GOLDEN_FOLDER "/"} + GetParam() + ".jsonl")};
  EventDecoder decoder;
  decoder.fit(postgres_limits);
  std::size_t skipped = 0;
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line); ++number) {
    const auto refused = golden.rejected.find(number);
    // Two states of one instant and missing flow runs are for the storage to find.
    const bool want = refused != golden.rejected.end() && refused->second != "IntegrityError";
    std::pmr::monotonic_buffer_resource texts;
    bool rejected = false;
    try {
      const auto event = decoder.decode(line, Timestamp{}, texts);
      if (!event) ++skipped;
      rejected = event && !event->too_long_for_index.empty();
    } catch (const DataError& error) {
      rejected = true;
      EXPECT_TRUE(want) << "line " << number << ": " << error.reason() << " " << error.what();
    }
    EXPECT_TRUE(rejected || !want) << "line " << number << ": " << line.substr(0, 500);
  }
  EXPECT_EQ(skipped, golden.skipped);
}

/// Events that a Prefect server records whose settings allow more, as its rows beside them say.
TEST(DecodeGolden, what_prefect_takes_with_higher_limits_is_taken_with_the_same) {
  const std::pair<std::string, prefect::EventLimits> cases[] = {
      {"related-101", {.related_resources = 101}}, {"labels-603", {.labels_per_resource = 603}}};
  const auto reason = [](const std::string& event,
                         const prefect::EventLimits& limits) -> std::string {
    std::pmr::monotonic_buffer_resource texts;
    try {
      return EventDecoder{limits}.decode(event, Timestamp{}, texts) ? "none" : "not counted";
    } catch (const DataError& error) {
      return error.reason() + ": " + error.what();
    }
  };
  for (const auto& [name, limits] : cases) {
    const std::string event = contents(std::string{GOLDEN_FOLDER "/"}.append(name) + ".jsonl");
    EXPECT_EQ(reason(event, limits), "none") << name;
    EXPECT_TRUE(reason(event, {}).starts_with("too_long")) << name;
    prefect::EventLimits less = limits;
    (name == "related-101" ? less.related_resources : less.labels_per_resource) -= 1;
    EXPECT_TRUE(reason(event, less).starts_with("too_long")) << name;
    EXPECT_TRUE(reason(event, {.event_name_length = 3}).starts_with("too_long")) << name;
  }
}

TEST(DecodeGolden, details_come_in_the_order_of_jsonb_with_or_without_some_of_the_events_own) {
  std::istringstream stream{contents(GOLDEN_FOLDER "/chaos.jsonl")};
  EventDecoder decoder;
  std::size_t members = 0;
  for (std::string line; std::getline(stream, line);) {
    std::pmr::monotonic_buffer_resource texts;
    const auto event = decoder.decode(line, Timestamp{}, texts);
    if (!event) continue;
    const std::string text = details_of(*event);
    std::vector<std::pair<std::size_t, std::string>> keys;
    const auto details = boost::json::parse(text);
    for (const auto& member : details.as_object()) {
      keys.emplace_back(member.key().size(), member.key());
    }
    EXPECT_TRUE(std::ranges::is_sorted(keys)) << text;
    members += keys.size();
  }
  EXPECT_GT(members, 1000U);
}

INSTANTIATE_TEST_SUITE_P(Vectors, DecodeGolden,
                         testing::Values("capture", "plain", "shuffled", "chaos", "hostile",
                                         "forms"),
                         [](const auto& vector) { return std::string{vector.param}; });

}  // namespace
}  // namespace hangar::recorder::test
