#include "dead_letters/letter_groups.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

DeadLetter numbered_letter(std::uint64_t sequence, const std::string& error,
                           const std::string& time = {}) {
  DeadLetter made;
  made.dead_letter_sequence = sequence;
  made.service = "recorder";
  made.stream = "EVENTS";
  made.reason = "too_long";
  made.error = error;
  made.time = time;
  return made;
}

TEST(LetterGroups, equal_letters_are_one_group_with_their_number) {
  LetterGroups groups{10};
  groups.add(numbered_letter(3, "a", "t3"));
  groups.add(numbered_letter(4, "b", "t4"));
  groups.add(numbered_letter(5, "a", "t5"));
  ASSERT_EQ(groups.groups().size(), 2U);
  const auto& group = groups.groups().front();
  EXPECT_EQ(group.first.dead_letter_sequence, 3U);
  EXPECT_EQ(group.first.time, "t3");
  EXPECT_EQ(group.last_time, "t5");
  EXPECT_EQ(group.letters, 2U);
  EXPECT_EQ(groups.letters(), 3U);
}

TEST(LetterGroups, what_differs_in_service_stream_reason_pointer_or_error_is_not_equal) {
  LetterGroups groups{10};
  groups.add(numbered_letter(1, "a"));
  for (auto member : {&DeadLetter::service, &DeadLetter::stream, &DeadLetter::reason,
                      &DeadLetter::pointer, &DeadLetter::error}) {
    DeadLetter other = numbered_letter(2, "a");
    other.*member = "other";
    groups.add(other);
  }
  EXPECT_EQ(groups.groups().size(), 6U);
}

TEST(LetterGroups, beyond_the_most_groups_letters_are_only_counted) {
  LetterGroups groups{2};
  for (std::uint64_t i = 0; i < 6; ++i) groups.add(numbered_letter(i, std::to_string(i % 3)));
  EXPECT_EQ(groups.groups().size(), 2U);
  EXPECT_EQ(groups.left_out(), 2U);
  EXPECT_EQ(groups.letters(), 6U);
}

}  // namespace
}  // namespace hangar
