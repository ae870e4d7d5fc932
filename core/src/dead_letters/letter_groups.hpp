#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "dead_letters/dead_letter.hpp"

namespace hangar {

/// Dead letters of one service and stream that say the same, together.
class LetterGroups {
 public:
  struct Group {
    DeadLetter first;
    std::string last_time;
    std::uint64_t letters = 0;
  };

  /// No more than `most` groups are kept; letters of further ones are only counted.
  explicit LetterGroups(std::size_t most) : most_{most} {}

  void add(const DeadLetter& letter);
  /// In the order of their first letters.
  [[nodiscard]] const std::vector<Group>& groups() const noexcept { return groups_; }
  [[nodiscard]] std::uint64_t letters() const noexcept { return letters_; }
  /// Letters that belong to no group that is kept.
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string>;

  std::size_t most_;
  std::vector<Group> groups_;
  std::map<Key, std::size_t> places_;
  std::uint64_t letters_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace hangar
