#include "cli/usage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "cli/since.hpp"
#include "config/problems.hpp"
#include "config/value.hpp"
#include "text/nearest.hpp"
#include "text/number.hpp"

namespace hangar {
namespace {

using Path = std::vector<const CLI::App*>;

/// The program and the commands that were given, outermost first. Groups of options have no name.
Path given(const CLI::App& program) {
  Path path{&program};
  while (true) {
    const auto chosen = path.back()->get_subcommands();
    const auto named =
        std::ranges::find_if(chosen, [](const CLI::App* app) { return !app->get_name().empty(); });
    if (named == chosen.end()) return path;
    path.push_back(*named);
  }
}

std::string text_of(const Path& path) {
  std::vector<std::string> names;
  for (const CLI::App* app : path) names.push_back(app->get_name());
  return fmt::format("{}", fmt::join(names, " "));
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  std::vector<const CLI::App*> commands = app.get_subcommands([](const CLI::App*) { return true; });
  std::erase_if(commands, [](const CLI::App* command) { return command->get_name().empty(); });
  return commands;
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  for (const CLI::App* part :
       app.get_subcommands([](const CLI::App* sub) { return sub->get_name().empty(); })) {
    std::ranges::move(flags_of(*part), std::back_inserter(flags));
  }
  return flags;
}

std::string unknown_flag(const Path& path, const std::string& word) {
  const std::string flag = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const CLI::App* app : path) std::ranges::move(flags_of(*app), std::back_inserter(known));
  return fmt::format("`{}` has no flag {}{}", text_of(path), in_quotes(flag),
                     did_you_mean(flag, known));
}

/// A command that is known, but of another group.
std::string elsewhere(const CLI::App& program, const std::string& word) {
  std::vector<std::string> places;
  for (const CLI::App* command : commands_of(program)) {
    if (command->get_name() == word) places.push_back(fmt::format("`hangar {}`", word));
    for (const CLI::App* inner : commands_of(*command)) {
      if (inner->get_name() != word) continue;
      places.push_back(fmt::format("`hangar {} {}`", command->get_name(), word));
    }
  }
  return places.empty() ? "" : fmt::format(" (there is {})", fmt::join(places, ", "));
}

std::string unknown_word(const Path& path, const std::string& word) {
  const std::vector<std::string> known = names_of(commands_of(*path.back()));
  if (known.empty()) {
    return fmt::format("`{}` takes no word {}", text_of(path), in_quotes(word));
  }
  std::string hint = did_you_mean(word, known);
  if (hint.empty()) hint = elsewhere(*path.front(), word);
  return fmt::format("`{}` has no command {}{}: its commands are {}", text_of(path),
                     in_quotes(word), hint, fmt::join(known, ", "));
}

}  // namespace

void report(std::string_view message) {
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    fmt::print(stderr, "hangar: {}\n", message.substr(0, end));
    message.remove_prefix(std::min(end + 1, message.size()));
  }
}

std::string usage_message(const CLI::App& program, const CLI::ParseError& error) {
  const Path path = given(program);
  const std::vector<std::string> commands = names_of(commands_of(*path.back()));
  std::string message = error.what();
  // What is left over explains more than what is therefore missing.
  const auto left_over = program.remaining(true);
  if (!left_over.empty()) {
    const std::string& word = left_over.front();
    message =
        word.starts_with('-') && word != "-" ? unknown_flag(path, word) : unknown_word(path, word);
  } else if (!commands.empty()) {
    message = fmt::format("`{}` needs a command: {}", text_of(path), fmt::join(commands, ", "));
  }
  return fmt::format("{}; see `{} --help`", message, text_of(path));
}

std::string is_whole(const std::string& text) {
  if (parse_number<std::uint64_t>(text)) return {};
  return fmt::format("{} is no whole number, such as 100", in_quotes(text));
}

std::string is_positive(const std::string& text) {
  if (parse_number<std::uint64_t>(text).value_or(0) > 0) return {};
  return fmt::format("{} is no whole number from 1 on, such as 100", in_quotes(text));
}

std::string is_duration(const std::string& text) {
  constexpr std::chrono::hours longest{31 * 24};
  if (parse_duration(text).value_or(Duration::max()) <= longest) return {};
  return in_quotes(text) + " is no duration like 30s or 5m, up to 31d";
}

std::string is_moment(const std::string& text) {
  if (parse_since(text, std::chrono::system_clock::now())) return {};
  return "`" + text + "` is neither a time like 2026-11-24T08:30:00Z nor a duration like 2h";
}

std::string is_output(const std::string& text) {
  const std::vector<std::string> known{"table", "json"};
  if (std::ranges::find(known, text) != known.end()) return {};
  return in_quotes(text) + " is neither table nor json" + did_you_mean(text, known);
}

}  // namespace hangar
