#include "config/value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <cctype>
#include <limits>
#include <type_traits>
#include <utility>

#include "text/number.hpp"
#include "text/timedelta.hpp"

namespace hangar {
namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t factor;
};

constexpr std::array durations{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                               Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::array sizes{Unit{"TiB", 1LL << 40U},
                           Unit{"GiB", 1LL << 30U},
                           Unit{"MiB", 1LL << 20U},
                           Unit{"KiB", 1LL << 10U},
                           Unit{"TB", 1'000'000'000'000},
                           Unit{"GB", 1'000'000'000},
                           Unit{"MB", 1'000'000},
                           Unit{"KB", 1'000},
                           Unit{"kB", 1'000},
                           Unit{"B", 1}};

/// Above this a bound is no more than what the type can hold, and not worth a word.
constexpr std::int64_t century = 100LL * 365 * 86'400'000;

/// Base 10 without a leading zero, which other YAML readers take for octal.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  return parse_number<std::int64_t>(text);
}

/// A number with a unit as a multiple of the smallest one, when it is a whole multiple.
std::optional<std::int64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                           std::int64_t unit_of_plain) {
  const std::size_t suffix_at = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view suffix = text.substr(suffix_at);
  const std::string_view number = text.substr(0, suffix_at);
  std::int64_t factor = unit_of_plain;
  if (!suffix.empty()) {
    const auto unit = std::ranges::find(units, suffix, &Unit::suffix);
    if (unit == units.end()) return std::nullopt;
    factor = unit->factor;
  }
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::optional<std::int64_t> whole = parse_integer(number.substr(0, point));
  std::int64_t result = 0;
  if (!whole || __builtin_mul_overflow(*whole, factor, &result)) return std::nullopt;
  if (point == number.size()) return result;

  const std::string_view decimals = number.substr(point + 1);
  if (decimals.empty() || decimals.size() > 9) return std::nullopt;
  std::int64_t scale = 1;
  std::int64_t part = 0;
  for (const char digit : decimals) {
    if (digit == '.') return std::nullopt;
    scale *= 10;
    part = part * 10 + (digit - '0');
  }
  if (__builtin_mul_overflow(part, factor, &part) || part % scale != 0 ||
      __builtin_add_overflow(result, part / scale, &result)) {
    return std::nullopt;
  }
  return result;
}

std::string format_quantity(std::int64_t amount, std::span<const Unit> units) {
  for (const auto& [suffix, factor] : units) {
    if (amount % factor == 0) return fmt::format("{}{}", amount / factor, suffix);
  }
  return fmt::format("{}", amount);
}

std::optional<bool> parse_bool(std::string_view text, Form form) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (form == Form::file) return std::nullopt;
  const std::string word = boost::algorithm::to_lower_copy(std::string{text});
  if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "0" || word == "no" || word == "off") return false;
  return std::nullopt;
}

template <class T>
std::optional<T> in_range(const Field& field, std::int64_t amount, T value) {
  if (amount < field.minimum || amount > field.maximum) return std::nullopt;
  return value;
}

/// What Prefect's variables have in the place of a duration.
std::optional<Duration> duration_of_python(std::string_view text) {
  const std::optional<std::int64_t> amount = parse_timedelta(text);
  return amount ? std::optional{Duration{*amount}} : std::nullopt;
}

template <class T>
std::optional<T> parse(const Field& field, const std::string& text, Form form) {
  if constexpr (std::is_same_v<T, bool>) {
    return parse_bool(text, form);
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    const std::optional<std::int64_t> number = parse_integer(text);
    return number ? in_range(field, *number, *number) : std::nullopt;
  } else if constexpr (std::is_same_v<T, Duration>) {
    std::optional<Duration> duration = parse_duration(text);
    if (!duration && form == Form::text) duration = duration_of_python(text);
    return duration ? in_range(field, duration->count(), *duration) : std::nullopt;
  } else if constexpr (std::is_same_v<T, ByteSize>) {
    const std::optional<ByteSize> size = parse_byte_size(text);
    return size ? in_range(field, static_cast<std::int64_t>(size->value), *size) : std::nullopt;
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (field.choices.empty()) return text;
    const auto choice = std::ranges::find_if(field.choices, [&](const std::string& word) {
      return boost::algorithm::iequals(word, text);
    });
    return choice != field.choices.end() ? std::optional{*choice} : std::nullopt;
  } else {
    return T{text};
  }
}

template <class T>
struct ElementOf {
  using type = T;
  static constexpr bool list = false;
};
template <class T>
struct ElementOf<std::vector<T>> {
  using type = T;
  static constexpr bool list = true;
};

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const std::optional<std::int64_t> amount = parse_quantity(text, durations, 1'000);
  if (!amount || *amount < 0) return std::nullopt;
  return Duration{*amount};
}

std::optional<ByteSize> parse_byte_size(std::string_view text) {
  const std::optional<std::int64_t> amount = parse_quantity(text, sizes, 1);
  if (!amount || *amount < 0) return std::nullopt;
  return ByteSize{static_cast<std::uint64_t>(*amount)};
}

std::string format_duration(Duration duration) {
  return duration.count() == 0 ? "0s" : format_quantity(duration.count(), durations);
}

std::string format_byte_size(ByteSize size) {
  // Without the last unit: a plain number is in bytes.
  return size.value == 0 ? "0"
                         : format_quantity(static_cast<std::int64_t>(size.value),
                                           std::span{sizes}.first(sizes.size() - 1));
}

Parsed parse_value(const Field& field, std::span<const std::string> texts, Form form) {
  return std::visit(
      [&]<class T>(const T* /*target*/) -> Parsed {
        using Element = typename ElementOf<T>::type;
        if constexpr (ElementOf<T>::list) {
          T list;
          for (std::size_t at = 0; at < texts.size(); ++at) {
            std::optional<Element> element = parse<Element>(field, texts[at], form);
            if (!element) return {std::nullopt, at};
            list.push_back(*std::move(element));
          }
          return {Value{std::move(list)}};
        } else {
          if (texts.size() != 1) return {};
          std::optional<Element> value = parse<Element>(field, texts.front(), form);
          if (!value) return {};
          return {Value{*std::move(value)}};
        }
      },
      std::as_const(field.target));
}

std::optional<Value> nearest_value(const Field& field, std::span<const std::string> texts) {
  Field limitless = field;
  limitless.range(std::numeric_limits<std::int64_t>::min(),
                  std::numeric_limits<std::int64_t>::max());
  const Parsed parsed = parse_value(limitless, texts, Form::text);
  if (!parsed.value) return std::nullopt;
  if (const auto* number = std::get_if<std::int64_t>(&*parsed.value)) {
    return Value{std::clamp(*number, field.minimum, field.maximum)};
  }
  if (const auto* duration = std::get_if<Duration>(&*parsed.value)) {
    return Value{Duration{std::clamp(duration->count(), field.minimum, field.maximum)}};
  }
  return std::nullopt;
}

std::string bounds(const Field& field) {
  const auto range = [&](auto format, std::int64_t limitless) {
    if (field.maximum < limitless) {
      return fmt::format("{} to {}", format(field.minimum), format(field.maximum));
    }
    return field.minimum == 0 ? "" : fmt::format("at least {}", format(field.minimum));
  };
  constexpr std::int64_t limitless = std::numeric_limits<std::int64_t>::max();
  return std::visit(
      [&]<class T>(const T* /*target*/) -> std::string {
        using Element = typename ElementOf<T>::type;
        if constexpr (std::is_same_v<Element, std::int64_t>) {
          return range([](std::int64_t bound) { return std::to_string(bound); }, limitless);
        } else if constexpr (std::is_same_v<Element, Duration>) {
          return range([](std::int64_t bound) { return format_duration(Duration{bound}); },
                       century);
        } else if constexpr (std::is_same_v<Element, ByteSize>) {
          return range(
              [](std::int64_t bound) {
                return format_byte_size({static_cast<std::uint64_t>(bound)});
              },
              limitless);
        } else {
          return fmt::format("{}", fmt::join(field.choices, ", "));
        }
      },
      std::as_const(field.target));
}

std::string expectation(const Field& field) {
  const std::string_view type = std::visit(
      [&]<class T>(const T* /*target*/) -> std::string_view {
        using Element = typename ElementOf<T>::type;
        if constexpr (std::is_same_v<Element, bool>) {
          return "true or false";
        } else if constexpr (std::is_same_v<Element, std::int64_t>) {
          return "an integer";
        } else if constexpr (std::is_same_v<Element, Duration>) {
          return "a duration (500ms, 5s, 2m, 24h or seconds)";
        } else if constexpr (std::is_same_v<Element, ByteSize>) {
          return "a size (64MiB, 8MB or bytes)";
        } else {
          return field.choices.empty() ? "a string" : "one of";
        }
      },
      std::as_const(field.target));
  const std::string limits = bounds(field);
  if (limits.empty()) return std::string{type};
  return fmt::format("{}{}{}", type, type == "one of" ? " " : ", ", limits);
}

bool is_list(const Field& field) {
  return std::holds_alternative<std::vector<std::string>*>(field.target) ||
         std::holds_alternative<std::vector<Duration>*>(field.target);
}

bool is_number_or_bool(const Field& field) {
  return std::holds_alternative<bool*>(field.target) ||
         std::holds_alternative<std::int64_t*>(field.target);
}

bool is_confidential(const Field& field) {
  return std::holds_alternative<Secret*>(field.target) ||
         std::holds_alternative<Url*>(field.target);
}

Value present(const Field& field) {
  return std::visit([](const auto* target) { return Value{*target}; }, field.target);
}

void assign(const Field& field, const Value& value) {
  std::visit([&]<class T>(T* target) { *target = std::get<T>(value); }, field.target);
}

}  // namespace hangar
