#include "dead_letters/letter_groups.hpp"

namespace hangar {

void LetterGroups::add(const DeadLetter& letter) {
  ++letters_;
  Key key{letter.service, letter.stream, letter.reason, letter.pointer, letter.error};
  const auto found = places_.find(key);
  if (found == places_.end() && groups_.size() == most_) {
    ++left_out_;
    return;
  }
  const std::size_t place = found == places_.end() ? groups_.size() : found->second;
  if (found == places_.end()) {
    places_.emplace(std::move(key), place);
    groups_.push_back({.first = letter, .last_time = {}, .letters = 0});
  }
  Group& group = groups_[place];
  group.last_time = letter.time;
  ++group.letters;
}

}  // namespace hangar
