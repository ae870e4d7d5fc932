#include "csrf.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace hangar::gateway {
namespace {

using namespace std::chrono_literals;

TEST(Csrf, a_token_is_needed_for_what_changes_something) {
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    EXPECT_TRUE(needs_csrf_token(method)) << method;
  }
  for (const char* method : {"GET", "HEAD", "OPTIONS", "QUERY", "TRACE", "post", ""}) {
    EXPECT_FALSE(needs_csrf_token(method)) << method;
  }
}

TEST(Csrf, a_token_is_of_one_client_and_until_it_expires) {
  const Timestamp now{1'000'000h};
  Rows stored{csrf_token_table()};
  const auto add = [&](const char* client, const char* token, Timestamp expiration) {
    const auto row = stored.add();
    row[csrf_token::client] = std::string_view{client};
    row[csrf_token::token] = std::string_view{token};
    row[csrf_token::expiration] = expiration;
  };
  EXPECT_FALSE(has_csrf_token(stored, "one", "1a", now));
  add("one", "1a", now + 1us);
  add("other", "2b", now + 1h);
  add("late", "3c", now);
  EXPECT_TRUE(has_csrf_token(stored, "one", "1a", now));
  EXPECT_TRUE(has_csrf_token(stored, "other", "2b", now));
  EXPECT_FALSE(has_csrf_token(stored, "one", "1a", now + 1us));
  EXPECT_FALSE(has_csrf_token(stored, "late", "3c", now));
  for (const char* wrong : {"2b", "1", "1a1a", "1A", ""}) {
    EXPECT_FALSE(has_csrf_token(stored, "one", wrong, now)) << wrong;
  }
  for (const char* unknown : {"One", "on", "nobody", ""}) {
    EXPECT_FALSE(has_csrf_token(stored, unknown, "1a", now)) << unknown;
  }
}

}  // namespace
}  // namespace hangar::gateway
