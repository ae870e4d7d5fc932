// A configuration file: a document or problems, in bounded time and memory.
#include <cstdint>
#include <string_view>

#include "config/document.hpp"
#include "config/problems.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hangar::Problems problems;
  hangar::parse_document({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", problems);
  return 0;
}
