#include "prefect/uuid_sequence.hpp"

#include <chrono>
#include <random>

namespace hangar::prefect {
namespace {

constexpr std::uint64_t lower_end = std::uint64_t{1} << 62U;

}  // namespace

UuidSequence::UuidSequence(Timestamp now) {
  std::random_device random;
  const auto draw = [&] { return std::uint64_t{random()} << 32U | random(); };
  const auto milliseconds = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count());
  upper_ = milliseconds << 16U | std::uint64_t{0x7000} | (draw() & 0xFFFU);
  // Of 62 bits the half below, so that counting never reaches the end.
  lower_ = draw() & (lower_end / 2 - 1);
}

Uuid UuidSequence::next() noexcept {
  ++lower_;
  Uuid id;
  const auto write = [&](std::size_t at, std::uint64_t half) {
    for (std::size_t i = 0; i < 8; ++i) {
      id.bytes[at + i] = static_cast<std::uint8_t>(half >> (56 - 8 * i));
    }
  };
  write(0, upper_);
  write(8, std::uint64_t{1} << 63U | lower_);
  return id;
}

}  // namespace hangar::prefect
