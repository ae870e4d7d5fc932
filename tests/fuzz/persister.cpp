// Event to rows of the persister: whatever the bytes are, they are refused with a DataError, or
// what is kept of them is what was decoded.
#include <cstdint>
#include <string_view>
#include <vector>

#include "event_persister/event_decoder.hpp"
#include "hangar/error.hpp"

namespace {

bool same(const hangar::persister::ResourceRow& one, const hangar::persister::ResourceRow& other) {
  return one.resource_id == other.resource_id && one.resource_role == other.resource_role &&
         one.resource == other.resource;
}

bool same(const hangar::persister::EventRows& one, const hangar::persister::EventRows& other) {
  bool equal = one.event == other.event && one.resource_id == other.resource_id &&
               one.resource == other.resource && one.related == other.related &&
               one.related_resource_ids == other.related_resource_ids &&
               one.payload == other.payload && one.resources.size() == other.resources.size();
  for (std::size_t i = 0; equal && i < one.resources.size(); ++i) {
    equal = same(one.resources[i], other.resources[i]);
  }
  return equal;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hangar;
  // Of its very size, so that a byte behind it is a fault.
  const std::vector<char> text{data, data + size};
  static persister::EventDecoder decoder{{}};
  try {
    const auto rows = decoder.decode({text.data(), size}, Timestamp{});
    if (!rows) return 0;
    std::vector<std::byte> memory(persister::packed_size(*rows));
    if (!same(*rows, persister::packed(*rows, memory.data()))) __builtin_trap();
  } catch (const DataError&) {
  }
  return 0;
}
