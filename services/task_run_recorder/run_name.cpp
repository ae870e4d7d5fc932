#include "run_name.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace hangar::recorder {

namespace {

constexpr std::array<std::string_view, 32> qualities{
    "amber",  "brisk",  "calm",   "clear", "crisp",  "deft",   "eager", "fair",
    "fleet",  "fresh",  "gentle", "grand", "hardy",  "keen",   "light", "lively",
    "lucid",  "mellow", "nimble", "noble", "placid", "proud",  "quick", "quiet",
    "robust", "serene", "sleek",  "solid", "spry",   "steady", "sunny", "swift"};

constexpr std::array<std::string_view, 32> things{
    "anchor",  "badger", "beacon", "birch",   "brook",  "cedar",  "comet",  "crane",
    "falcon",  "fern",   "finch",  "harbor",  "hazel",  "heron",  "island", "kestrel",
    "lantern", "maple",  "meadow", "otter",   "pebble", "pine",   "plover", "rapids",
    "raven",   "reef",   "ridge",  "sparrow", "summit", "thrush", "valley", "willow"};

}  // namespace

std::string generated_name(const Uuid& run_id) {
  // FNV-1a: the ids of one moment share their first bytes.
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const std::uint8_t byte : run_id.bytes) hash = (hash ^ byte) * 0x100000001b3ULL;
  hash ^= hash >> 32;
  std::string name{qualities[hash % qualities.size()]};
  return name.append("-").append(things[hash / qualities.size() % things.size()]);
}

}  // namespace hangar::recorder
