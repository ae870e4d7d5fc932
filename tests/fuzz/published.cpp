// An event of a client → the message that is published: what is taken of it is an event again, and
// that one is published unchanged.
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "hangar/error.hpp"
#include "prefect/published_event.hpp"

namespace {

hangar::prefect::PublishedEvent published(std::string_view json) {
  using namespace hangar;
  static prefect::JsonDocument document;
  document.look_for_nul(false);
  std::pmr::monotonic_buffer_resource texts;
  const StorageLimits storage{};
  constexpr Timestamp received{std::chrono::microseconds{1'700'000'000'123'456}};
  const prefect::FieldReader reader{texts, received, storage};
  return prefect::published_event(reader, document.parse(json), {}, received);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Of its very size, so that a byte behind it is a fault.
  const std::vector<char> text{data, data + size};
  hangar::prefect::PublishedEvent made;
  try {
    made = published({text.data(), size});
  } catch (const hangar::DataError&) {
    return 0;
  }
  const auto again = published(made.body);
  if (again.body != made.body || again.id != made.id || again.subject != made.subject ||
      again.attributes != made.attributes) {
    __builtin_trap();
  }
  return 0;
}
