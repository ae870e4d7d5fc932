#include <gtest/gtest.h>

#include <cstdio>
#include <exception>

#include "storage_under_test.hpp"

/// What passes is a storage.
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  try {
    hangar::conformance::storage_under_test().load({argv + 1, argv + argc});
  } catch (const hangar::conformance::UsageError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return RUN_ALL_TESTS();
}
