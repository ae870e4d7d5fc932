// The texts inside of an event: times, durations and UUIDs. What is read can be written and read.
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "duration.hpp"
#include "loose_time.hpp"
#include "uuid.hpp"
#include "zoned_time.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hangar;
  using namespace hangar::recorder;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (!simdjson::validate_utf8(text)) return 0;  // No JSON document has such a text.
  parse_resource_uuid(text);
  if (const auto id = parse_uuid(text)) {
    std::string written;
    append_uuid(written, *id);
    if (parse_uuid(written) != id) __builtin_trap();
  }
  const auto duration = parse_duration(text);
  if (duration && duration->interval() == Interval::max()) __builtin_trap();
  const auto time = parse_time(text, Timestamp{});
  if (time && time->instant() && time->offset % 60 == 0) {
    std::string written;
    append_time(written, *time);
    if (parse_time(written, Timestamp{}) != time) __builtin_trap();
  }
  return 0;
}
