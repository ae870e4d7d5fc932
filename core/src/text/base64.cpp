#include "text/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <climits>
#include <cstddef>

#include "hangar/error.hpp"

namespace hangar {
namespace {

const unsigned char* unsigned_bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT: what OpenSSL takes
}

unsigned char* unsigned_bytes(std::string& text) noexcept {
  return reinterpret_cast<unsigned char*>(text.data());  // NOLINT: what OpenSSL takes
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  if (bytes.size() > INT_MAX / 2) throw Error{"too much to be written as base64"};
  // OpenSSL ends its text with a NUL, for which a string has room.
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(unsigned_bytes(text), unsigned_bytes(bytes), static_cast<int>(bytes.size()));
  return text;
}

std::string decode_base64(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string_view digits = text;
  for (int padding = 0; padding < 2 && digits.ends_with('='); ++padding) digits.remove_suffix(1);
  // OpenSSL takes blanks and padding within the text.
  if (text.size() % 4 != 0 || text.size() > INT_MAX ||
      digits.find_first_not_of(alphabet) != digits.npos) {
    throw Error{"this is not base64"};
  }
  std::string bytes(text.size() / 4 * 3, '\0');
  EVP_DecodeBlock(unsigned_bytes(bytes), unsigned_bytes(text), static_cast<int>(text.size()));
  bytes.resize(bytes.size() - (text.size() - digits.size()));
  return bytes;
}

}  // namespace hangar
