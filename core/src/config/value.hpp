#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hangar/config.hpp"

namespace hangar {

/// What a field's target points to.
using Value = std::variant<bool, std::int64_t, std::string, Secret, Url, Duration, ByteSize,
                           std::vector<std::string>, std::vector<Duration>>;

/// In files only `true` and `false` are a bool; in variables and flags also `1`, `yes`, `on`, `0`,
/// `no` and `off`, in either case, because people copy them from Prefect's.
enum class Form { file, text };

/// `500ms`, `5s`, `2m`, `24h`, `1d`, or seconds, with decimals where they make whole milliseconds.
std::optional<Duration> parse_duration(std::string_view text);
/// `64MiB`, `8MB`, `1024`; units from KB and KiB to TB and TiB.
std::optional<ByteSize> parse_byte_size(std::string_view text);
/// The shortest text that `parse_duration` reads as the same, with a unit.
std::string format_duration(Duration duration);
std::string format_byte_size(ByteSize size);

struct Parsed {
  std::optional<Value> value;
  std::size_t fault = 0;  ///< Without a value: which of the texts is none.
};
/// The texts as a value of the field's type, in its range and of its choices. One text is a value;
/// a list may be of any number.
Parsed parse_value(const Field& field, std::span<const std::string> texts, Form form);

/// For a number or duration beyond the field's bounds: the bound that is nearest.
std::optional<Value> nearest_value(const Field& field, std::span<const std::string> texts);

/// What the field takes, for messages: `an integer, 1 to 10000`.
std::string expectation(const Field& field);

/// The part of it that is not the type: `1 to 10000`, `text, json`; empty when there is none.
std::string bounds(const Field& field);

bool is_list(const Field& field);
bool is_number_or_bool(const Field& field);
/// Whether its values appear in no message, and may come from a file that a variable names.
bool is_confidential(const Field& field);

/// What stands where the field points to.
Value present(const Field& field);

/// Writes the value where the field points to. The value must be of the field's type.
void assign(const Field& field, const Value& value);

}  // namespace hangar
