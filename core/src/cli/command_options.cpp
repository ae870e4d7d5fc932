#include "cli/command_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "config/problems.hpp"
#include "config/shown_value.hpp"
#include "config/value.hpp"
#include "hangar/error.hpp"

namespace hangar {
namespace {

std::string flag_name(const Field& field) {
  std::string flag = "--" + field.name;
  std::ranges::replace(flag, '_', '-');
  // Of the program, for every command.
  constexpr std::array<std::string_view, 3> taken{"--config", "--set", "--help"};
  if (std::ranges::count(taken, flag) > 0) {
    throw Error{fmt::format("{} is an option of the program", flag)};
  }
  return flag;
}

std::string type_of(const Field& field) {
  if (!field.choices.empty()) return fmt::format("{}", fmt::join(field.choices, "|"));
  const char* const type = std::visit(
      []<class T>(const T* /*target*/) {
        if (std::is_same_v<T, std::int64_t>) return "NUMBER";
        if (std::is_same_v<T, Duration>) return "DURATION";
        if (std::is_same_v<T, std::vector<Duration>>) return "DURATION,…";
        if (std::is_same_v<T, ByteSize>) return "SIZE";
        return std::is_same_v<T, std::vector<std::string>> ? "TEXT,…" : "TEXT";
      },
      std::as_const(field.target));
  return type;
}

/// What it does, what it may be, and what it is otherwise.
std::string field_help(const Field& field) {
  const std::string limits = field.choices.empty() ? bounds(field) : "";
  const std::string present = shown_yaml(field);
  const bool none = present.empty() || present == "''" || present == "\"\"" || present == "[]";
  std::string help = field.help;
  if (!limits.empty()) help += fmt::format(" ({})", limits);
  if (!none) help += fmt::format("; else {}", present);
  return help;
}

void take(const Field& field, const std::vector<std::string>& texts) {
  const Parsed parsed = parse_value(field, texts, Form::text);
  if (parsed.value) assign(field, *parsed.value);
}

std::string fault_of(const Field& field, const std::string& text) {
  if (parse_value(field, std::span{&text, 1}, Form::text).value) return {};
  if (is_confidential(field)) return fmt::format("expected {}", expectation(field));
  return fmt::format("expected {}, not {}", expectation(field), in_quotes(text));
}

}  // namespace

void add_options(CLI::App& command, const Fields& fields) {
  if (!fields.groups().empty()) throw Error{"options have no groups"};
  for (const Field& field : fields.fields()) {
    const std::string flag = flag_name(field);
    if (bool* const* given = std::get_if<bool*>(&field.target)) {
      command.add_flag(flag, **given, field.help);
      continue;
    }
    const auto take_all = [&field](const std::vector<std::string>& texts) { take(field, texts); };
    const auto take_one = [&field](const std::string& text) { take(field, {text}); };
    CLI::Option* option =
        is_list(field)
            ? command
                  .add_option_function<std::vector<std::string>>(flag, take_all, field_help(field))
                  ->delimiter(',')
                  ->allow_extra_args(false)
            : command.add_option_function<std::string>(flag, take_one, field_help(field));
    option->option_text(type_of(field))->check([&field](const std::string& text) {
      return fault_of(field, text);
    });
  }
}

}  // namespace hangar
