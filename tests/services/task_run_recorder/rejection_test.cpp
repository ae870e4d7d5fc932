#include "rejection.hpp"

#include <gtest/gtest.h>

namespace hangar::recorder {
namespace {

bool is_orphan_of(const char* reason, const char* constraint) {
  return is_orphan(DataError{reason, "refused", {}, "23503", constraint});
}

TEST(Rejection, only_a_missing_flow_run_makes_an_orphan) {
  EXPECT_TRUE(is_orphan_of("foreign_key", "fk_task_run__flow_run_id__flow_run"));
  EXPECT_TRUE(is_orphan_of("foreign_key", "flow_run_id"));
  EXPECT_FALSE(is_orphan_of("foreign_key", "fk_task_run__state_id__task_run_state"));
  EXPECT_FALSE(is_orphan_of("foreign_key", "fk_task_run_state__task_run_id__task_run"));
  EXPECT_FALSE(is_orphan_of("foreign_key", ""));
  EXPECT_FALSE(is_orphan_of("check", "flow_run_id"));
}

}  // namespace
}  // namespace hangar::recorder
