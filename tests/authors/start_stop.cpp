// Starts and stops every service that a host finds, while one other runs:
// `start_stop ROUNDS STAYS SETTING=VALUE…`. Prints their names.
#include "hangar/testing/start_stop.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

#include "hangar/error.hpp"

int main(int count, char** words) try {
  if (count < 3) throw hangar::Error{"start_stop ROUNDS STAYS SETTING=VALUE…"};
  const int rounds = std::atoi(words[1]);  // NOLINT(cert-err34-c): the test gives it
  hangar::HostOptions options;
  options.only = {words[2]};
  options.sets.assign(words + 3, words + count);
  for (const auto& name : hangar::testing::start_and_stop(std::move(options), {}, rounds)) {
    std::cout << name << '\n';
  }
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return EXIT_FAILURE;
}
