#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "prefect/json/json_document.hpp"

namespace hangar::prefect {

/// The members of an object as a Python dict holds them: each key once, where it stood first, with
/// the value that it had last. Linear in the size of the object.
class JsonMembers {
 public:
  struct Member {
    std::string_view name;
    JsonValue key;
    JsonValue value;
  };

  explicit JsonMembers(JsonValue object);
  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
  [[nodiscard]] auto begin() const noexcept { return members_.begin(); }
  [[nodiscard]] auto end() const noexcept { return members_.end(); }

 private:
  // The place of a member; where it is not there yet, the one that it gets.
  [[nodiscard]] std::size_t searched(std::string_view name) const;
  [[nodiscard]] std::size_t indexed(std::string_view name);

  std::array<std::byte, 256> buffer_;
  std::pmr::monotonic_buffer_resource names_{buffer_.data(), buffer_.size()};
  std::vector<Member> members_;
  /// Open addressing: where a name's member is, counted from 1, or 0. A table of nodes would cost
  /// an object of a million members a miss of the cache more for each.
  std::vector<std::uint32_t> slots_;
};

/// The names of the fields of one kind of object, found in one pass over its members.
template <std::size_t Count>
class MemberNames {
 public:
  /// `names` in any order; their positions are the positions in what `pick` returns.
  constexpr explicit MemberNames(const std::array<std::string_view, Count>& names) : names_{names} {
    for (std::size_t i = 0; i < Count; ++i) {
      std::size_t at = i;
      for (; at > 0 && names[order_[at - 1]].size() > names[i].size(); --at) {
        order_[at] = order_[at - 1];
      }
      order_[at] = i;
    }
    for (std::size_t i = 0; i < Count; ++i) ++first_[names[i].size() + 1];
    for (std::size_t length = 1; length < first_.size(); ++length) {
      first_[length] += first_[length - 1];
    }
  }

  /// The values of the known members, none where a member is missing; the last of several counts.
  [[nodiscard]] std::array<JsonValue, Count> pick(JsonValue object) const {
    return pick(object, [](JsonValue) {});
  }
  /// The same, after `check` of every member's value.
  template <class Check>
  [[nodiscard]] std::array<JsonValue, Count> pick(JsonValue object, Check check) const {
    std::array<JsonValue, Count> values;
    object.each_member([&](JsonValue key, JsonValue value) {
      check(value);
      std::size_t found = Count;
      if (key.escaped()) {
        std::array<std::byte, 256> buffer;
        std::pmr::monotonic_buffer_resource memory{buffer.data(), buffer.size()};
        found = find(key.text(memory));
      } else {
        found = find(key.token());
      }
      if (found < Count) values[found] = value;
    });
    return values;
  }

 private:
  [[nodiscard]] std::size_t find(std::string_view name) const noexcept {
    if (name.size() > longest) return Count;
    for (std::size_t i = first_[name.size()]; i < first_[name.size() + 1]; ++i) {
      if (same(names_[order_[i]].data(), name.data(), name.size())) return order_[i];
    }
    return Count;
  }

  /// For texts this short a call of memcmp costs more than the comparison.
  static bool same(const char* left, const char* right, std::size_t size) noexcept {
    const auto part = [](const char* text, std::size_t bytes) {
      std::uint64_t value = 0;
      std::memcpy(&value, text, bytes);
      return value;
    };
    if (size < 8) {
      for (std::size_t i = 0; i < size; ++i) {
        if (left[i] != right[i]) return false;
      }
      return true;
    }
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (part(left + i, 8) != part(right + i, 8)) return false;
    }
    return part(left + size - 8, 8) == part(right + size - 8, 8);
  }

  static constexpr std::size_t longest = 40;
  std::array<std::string_view, Count> names_;
  std::array<std::size_t, Count> order_{};
  std::array<std::size_t, longest + 2> first_{};
};

}  // namespace hangar::prefect
