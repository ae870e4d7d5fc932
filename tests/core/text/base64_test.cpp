#include "text/base64.hpp"

#include <gtest/gtest.h>

#include "hangar/error.hpp"

namespace hangar {
namespace {

TEST(Base64, is_that_of_rfc_4648) {
  const struct {
    const char* bytes;
    const char* text;
  } cases[]{{"", ""},
            {"f", "Zg=="},
            {"fo", "Zm8="},
            {"foo", "Zm9v"},
            {"foob", "Zm9vYg=="},
            {"fooba", "Zm9vYmE="},
            {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
}

TEST(Base64, every_byte_comes_back) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const std::string part = bytes.substr(n);
    EXPECT_EQ(decode_base64(encode_base64(part)), part);
  }
}

TEST(Base64, anything_else_is_refused) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm 9", "Zg==Zg==", "Zm-_"}) {
    EXPECT_THROW((void)decode_base64(text), Error) << text;
  }
}

}  // namespace
}  // namespace hangar
