// Event to rows: whatever the bytes are, they are refused with a DataError or their rows hold.
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "event_decoder.hpp"
#include "hangar/source.hpp"
#include "memory_session.hpp"
#include "record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hangar;
  // Of its very size, so that a byte behind it is a fault.
  const std::vector<char> text{data, data + size};
  static recorder::EventDecoder decoder;
  std::pmr::monotonic_buffer_resource texts;
  try {
    const auto event = decoder.decode({text.data(), size}, Timestamp{}, texts);
    if (!event) return 0;
    const recorder::PackedEvent packed{*event, texts};
    testing::MemorySession session;
    recorder::record_task_run_event(session, packed, Timestamp{});
    const auto once = session.content;
    recorder::record_task_run_event(session, packed, Timestamp{});
    if (session.content != once) __builtin_trap();
  } catch (const DataError&) {
  }
  return 0;
}
