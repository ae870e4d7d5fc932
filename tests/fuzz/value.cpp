// The texts inside of an event: times, durations and UUIDs. What is read can be written and read.
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "prefect/duration.hpp"
#include "prefect/loose_time.hpp"
#include "prefect/parse_time.hpp"
#include "prefect/uuid.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hangar;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (!simdjson::validate_utf8(text)) return 0;  // No JSON document has such a text.
  prefect::parse_resource_uuid(text);
  if (const auto id = prefect::parse_uuid(text)) {
    std::string written;
    prefect::append_uuid(written, *id);
    if (prefect::parse_uuid(written) != id) __builtin_trap();
  }
  const auto duration = prefect::parse_duration(text);
  if (duration && duration->interval() == Interval::max()) __builtin_trap();
  const auto time = prefect::parse_time(text, Timestamp{});
  if (time && time->instant() && time->offset % 60 == 0) {
    std::string written;
    prefect::append_time(written, *time);
    if (prefect::parse_time(written, Timestamp{}) != time) __builtin_trap();
  }
  return 0;
}
