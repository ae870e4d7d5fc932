#include "verify/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

namespace json = boost::json;

namespace hangar {
namespace {

constexpr std::size_t longest_shown = 200;
constexpr std::size_t deepest = 512;

std::string cut(std::string_view text) {
  if (text.size() <= longest_shown) return std::string{text};
  std::size_t end = longest_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string{text.substr(0, end)} + "…";
}

bool same_number(const json::value& one, const json::value& other) {
  if (one.is_int64() && other.is_int64()) return one.as_int64() == other.as_int64();
  if (one.is_uint64() && other.is_uint64()) return one.as_uint64() == other.as_uint64();
  const auto left = one.to_number<double>();
  const auto right = other.to_number<double>();
  // Both texts mean one number; what is read of them may differ in the last bit.
  return std::abs(left - right) <= 1e-15 * std::max(std::abs(left), std::abs(right));
}

std::string escaped_token(std::string_view name) {
  std::string token;
  for (const char c : name) token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return token;
}

std::string shown_json(const json::value* value) {
  return value == nullptr ? "nothing" : cut(json::serialize(*value));
}

std::optional<Disagreement> differ(const json::value* one, const json::value* other,
                                   const std::string& pointer);

std::optional<Disagreement> differ(const json::object& one, const json::object& other,
                                   const std::string& pointer) {
  for (const auto& [name, value] : one) {
    const std::string_view key = name;
    if (auto found = differ(&value, other.if_contains(key), pointer + "/" + escaped_token(key)))
      return found;
  }
  for (const auto& [name, value] : other) {
    const std::string_view key = name;
    if (!one.contains(key)) return differ(nullptr, &value, pointer + "/" + escaped_token(key));
  }
  return std::nullopt;
}

std::optional<Disagreement> differ(const json::array& one, const json::array& other,
                                   const std::string& pointer) {
  for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i) {
    if (auto found =
            differ(one.if_contains(i), other.if_contains(i), fmt::format("{}/{}", pointer, i)))
      return found;
  }
  return std::nullopt;
}

std::optional<Disagreement> differ(const json::value* one, const json::value* other,
                                   const std::string& pointer) {
  if (one != nullptr && other != nullptr) {
    if (one->is_object() && other->is_object())
      return differ(one->as_object(), other->as_object(), pointer);
    if (one->is_array() && other->is_array())
      return differ(one->as_array(), other->as_array(), pointer);
    if (one->is_number() && other->is_number() ? same_number(*one, *other) : *one == *other)
      return std::nullopt;
  }
  return Disagreement{pointer, shown_json(one), shown_json(other)};
}

std::string shown_time(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

/// As PostgreSQL shows bytes.
std::string hex(std::span<const std::byte> bytes) {
  std::string text = "\\x";
  for (const std::byte byte : bytes.first(std::min(bytes.size(), longest_shown))) {
    text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  }
  return text;
}

std::optional<json::value> parsed(std::string_view text) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = deepest;
  json::value value = json::parse(text, failed, {}, options);
  return failed ? std::nullopt : std::optional{std::move(value)};
}

}  // namespace

std::string shown(const Uuid& id) {
  std::string text;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    text += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id.bytes[i]);
  }
  return text;
}

std::string shown(const Cell& cell) {
  switch (cell.kind()) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      return "NULL";
    case Cell::Kind::uuid:
      return shown(cell.uuid());
    case Cell::Kind::int4:
      return std::to_string(cell.int4());
    case Cell::Kind::timestamp:
      return shown_time(cell.timestamp());
    case Cell::Kind::interval:
      return fmt::format("{} s", std::chrono::duration<double>(cell.interval()).count());
    case Cell::Kind::boolean:
      return cell.boolean() ? "true" : "false";
    case Cell::Kind::int8:
      return std::to_string(cell.int8());
    case Cell::Kind::float8:
      return fmt::format("{}", cell.float8());
    case Cell::Kind::bytes:
      return cut(hex(cell.bytes()));
    case Cell::Kind::text:
      break;
  }
  return cut(cell.text());
}

std::optional<Disagreement> disagreement(const Column& column, const Cell& derived,
                                         const Cell& stored) {
  if (derived == stored) return std::nullopt;
  const bool texts = derived.kind() == Cell::Kind::text && stored.kind() == Cell::Kind::text;
  const bool is_json = column.type == ColumnType::json || column.type == ColumnType::json_text;
  if (is_json && texts) {
    const auto one = parsed(derived.text());
    const auto other = parsed(stored.text());
    if (one && other) return differ(&*one, &*other, "");
  }
  return Disagreement{"", shown(derived), shown(stored)};
}

}  // namespace hangar
