#include "packed_event.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory_resource>
#include <optional>
#include <vector>

#include "decode_case.hpp"
#include "event_decoder.hpp"
#include "hangar/error.hpp"

namespace hangar::recorder::test {
namespace {

bool same(const Cell& left, const Cell& right) {
  return left == right && left.basis() == right.basis();
}

void expect_same(const TaskRunEvent& event, const TaskRunEvent& unpacked) {
  EXPECT_EQ(unpacked.run_id, event.run_id);
  for (std::size_t column = 0; column < event.run.size(); ++column) {
    EXPECT_TRUE(same(unpacked.run[column], event.run[column]))
        << task_run_table().columns[column].name;
  }
  EXPECT_EQ(unpacked.too_long_for_index, event.too_long_for_index);
  EXPECT_TRUE(same(unpacked.state_message, event.state_message));
  EXPECT_TRUE(same(unpacked.state_details, event.state_details));
  EXPECT_TRUE(same(unpacked.state_data, event.state_data));
  EXPECT_EQ(unpacked.details_task_run_id_at, event.details_task_run_id_at);
  EXPECT_EQ(unpacked.details_flow_run_id, event.details_flow_run_id);
}

TEST(PackedEvent, every_recorded_event_comes_out_as_it_went_in) {
  const auto recorded = read_decode_cases(std::filesystem::path{DECODE_CASES});
  EventDecoder decoder;
  std::size_t packed_events = 0;
  for (const DecodeCase& one : recorded.cases) {
    std::pmr::monotonic_buffer_resource texts;
    std::optional<TaskRunEvent> event;
    try {
      event = decoder.decode(one.message, recorded.now, texts);
    } catch (const DataError&) {
    }
    if (!event) continue;
    // As large as it says and no larger, for a sanitizer to look at.
    std::vector<std::byte> bytes(PackedEvent::size(*event));
    const PackedEvent packed{*event, bytes.data()};
    expect_same(*event, packed.unpack());
    EXPECT_EQ(packed.identity().run_id, event->run_id);
    EXPECT_EQ(packed.identity().key, event->natural_key());
    ++packed_events;
    if (HasFailure()) FAIL() << "line " << one.line;
  }
  EXPECT_GT(packed_events, 1000U);
}

}  // namespace
}  // namespace hangar::recorder::test
