#include <gtest/gtest.h>

#include <cstdio>
#include <exception>

#include "storage_under_test.hpp"

/// `conformance PLUGIN.so`: what passes is a storage.
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::fputs("usage: conformance PLUGIN.so [--gtest_…]\n", stderr);
    return 2;
  }
  try {
    hangar::conformance::storage_under_test().load(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return RUN_ALL_TESTS();
}
