#include "identity/nkey.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "hangar/error.hpp"
#include "identity/credentials.hpp"

namespace hangar {
namespace {

// https://github.com/nats-io/nkeys: base32 of prefix, key and CRC-16/XMODEM.
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::uint8_t user_prefix = 20U << 3U;
constexpr std::size_t key_size = 32;
constexpr std::size_t seed_size = 2 + key_size + 2;

using Bytes = std::vector<std::uint8_t>;

std::optional<Bytes> base32_decode(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 5U) | static_cast<std::uint32_t>(value);
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::uint8_t>(bits >> count));
    }
  }
  return bytes;
}

std::string base32_encode(std::span<const std::uint8_t> bytes) {
  std::string text;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8U) | byte;
    count += 8;
    while (count >= 5) {
      count -= 5;
      text += alphabet[(bits >> count) & 31U];
    }
  }
  if (count > 0) text += alphabet[(bits << (5 - count)) & 31U];
  return text;
}

std::uint16_t crc16(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0;
  for (const std::uint8_t byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte) << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
    }
  }
  return static_cast<std::uint16_t>(crc);
}

std::optional<Bytes> public_key(std::span<const std::uint8_t> seed) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()),
      &EVP_PKEY_free};
  Bytes raw(key_size);
  std::size_t size = raw.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) != 1) return std::nullopt;
  return raw;
}

std::optional<std::string> user_key(std::string_view seed_text) {
  std::optional<Bytes> seed = base32_decode(seed_text);
  if (!seed || seed->size() != seed_size) return std::nullopt;
  const std::span<const std::uint8_t> all{*seed};
  const std::uint16_t crc = crc16(all.first(seed_size - 2));
  const bool whole = all[seed_size - 2] == (crc & 0xffU) && all[seed_size - 1] == (crc >> 8U);
  const auto raw = whole ? public_key(all.subspan(2, key_size)) : std::nullopt;
  OPENSSL_cleanse(seed->data(), seed->size());
  if (!raw) return std::nullopt;
  Bytes encoded{user_prefix};
  encoded.insert(encoded.end(), raw->begin(), raw->end());
  const std::uint16_t check = crc16(encoded);
  encoded.push_back(static_cast<std::uint8_t>(check & 0xffU));
  encoded.push_back(static_cast<std::uint8_t>(check >> 8U));
  return base32_encode(encoded);
}

}  // namespace

UserKey read_user_key(const std::string& file, const char* setting) {
  for (const std::string& word : words_of_secret_file(file, setting)) {
    if (!word.starts_with("SU")) continue;
    if (auto key = user_key(word)) return {*std::move(key), Secret{word}};
  }
  throw ConfigError{fmt::format("nats.{}: {} holds no user seed (SU…)", setting, file)};
}

}  // namespace hangar
