#include "cli/command_tree.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace hangar {
namespace {

std::vector<CLI::App*> parts_of(CLI::App& app, bool named) {
  return app.get_subcommands([named](CLI::App* part) { return part->get_name().empty() != named; });
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// `table|json` are two; `TEXT` is none.
std::vector<std::string> choices_of(std::string_view text) {
  std::vector<std::string> choices;
  if (text.find('|') == std::string_view::npos) return choices;
  while (true) {
    const std::size_t end = std::min(text.find('|'), text.size());
    choices.emplace_back(text.substr(0, end));
    if (end == text.size()) return choices;
    text.remove_prefix(end + 1);
  }
}

CommandFlag flag_of(const CLI::Option& option) {
  CommandFlag flag;
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  flag.help = first_line(option.get_description());
  flag.takes_value = option.get_items_expected_max() > 0;
  if (flag.takes_value) flag.choices = choices_of(option.get_option_text());
  return flag;
}

/// Also of its groups of options, which are commands without a name.
void add_options_of(CLI::App& app, CommandNode& node) {
  for (const CLI::Option* option : app.get_options()) {
    if (app.get_name().empty() && option == app.get_help_ptr()) continue;
    if (option->get_positional()) {
      node.choices = choices_of(option->get_option_text());
    } else {
      node.flags.push_back(flag_of(*option));
    }
  }
  for (CLI::App* group : parts_of(app, false)) add_options_of(*group, node);
}

void add(CLI::App& app, const std::string& before, std::vector<CommandNode>& tree) {
  CommandNode node;
  node.name = app.get_name();
  node.words = before.empty() ? node.name : before + " " + node.name;
  node.help = first_line(app.get_description());
  // Not help(), which is that of the command that was given.
  node.whole_help = app.get_formatter()->make_help(&app, node.words, CLI::AppFormatMode::Normal);
  add_options_of(app, node);
  if (!tree.empty()) {
    const auto of_all = [](const CommandFlag& flag) { return flag.takes_value; };
    std::ranges::copy_if(tree.front().flags, std::back_inserter(node.flags), of_all);
  }
  const auto commands = parts_of(app, true);
  for (const CLI::App* command : commands) node.commands.push_back(command->get_name());
  const std::string words = node.words;
  tree.push_back(std::move(node));
  for (CLI::App* command : commands) add(*command, words, tree);
}

}  // namespace

std::vector<CommandNode> command_tree(CLI::App& program) {
  std::vector<CommandNode> tree;
  add(program, "", tree);
  return tree;
}

}  // namespace hangar
