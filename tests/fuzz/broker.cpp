// What the broker writes: status headers as `code description`, and reply subjects.
#include <cstdint>
#include <string_view>

#include "jetstream/ack_subject.hpp"
#include "source/pull_status.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const std::size_t blank = text.find(' ');
  const bool split = blank != std::string_view::npos;
  hangar::classify_pull_status(text.substr(0, blank), split ? text.substr(blank + 1) : "");
  const auto ack = hangar::parse_ack_subject(text);
  if (ack && (ack->stream.data() < text.data() ||
              ack->consumer.data() + ack->consumer.size() > text.data() + text.size())) {
    __builtin_trap();
  }
  return 0;
}
