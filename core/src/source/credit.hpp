#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace hangar {

/// How many messages and bytes a source may hold, and how many it holds.
class Credit {
 public:
  struct Amount {
    std::size_t messages = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Amount&) const = default;
  };

  explicit Credit(Amount most) noexcept : most_{most} {}

  /// A message is held until it is released.
  void arrived(std::uint64_t bytes) noexcept {
    ++held_.messages;
    held_.bytes += bytes;
  }
  void released(std::uint64_t bytes) noexcept {
    held_.messages -= std::min<std::size_t>(held_.messages, 1);
    held_.bytes -= std::min(held_.bytes, bytes);
  }
  /// One that is held takes more or fewer bytes than before.
  void weighs(std::uint64_t before, std::uint64_t now) noexcept {
    held_.bytes = held_.bytes - std::min(held_.bytes, before) + now;
  }
  /// Nothing is held any more.
  void abandoned() noexcept { held_ = {}; }

  [[nodiscard]] const Amount& most() const noexcept { return most_; }
  [[nodiscard]] const Amount& held() const noexcept { return held_; }
  /// Nothing where more is held than is allowed, as one message may be larger than that.
  [[nodiscard]] Amount free() const noexcept {
    return {.messages = most_.messages - std::min(most_.messages, held_.messages),
            .bytes = most_.bytes - std::min(most_.bytes, held_.bytes)};
  }

 private:
  Amount most_;
  Amount held_;
};

}  // namespace hangar
