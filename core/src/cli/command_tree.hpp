#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the name is CLI11's
class App;
}  // namespace CLI

namespace hangar {

struct CommandFlag {
  std::vector<std::string> names;  ///< `-o` and `--output`.
  std::string help;
  bool takes_value = false;
  std::vector<std::string> choices;  ///< What the value may be; empty: anything.
};

/// A command as `--help` shows it.
struct CommandNode {
  std::string words;  ///< `hangar dlq ls`
  std::string name;   ///< `ls`
  std::string help;   ///< In one line.
  std::string whole_help;
  std::vector<std::string> commands;  ///< The names of those within it.
  std::vector<std::string> choices;   ///< What its words may be; empty: anything, or none.
  std::vector<CommandFlag> flags;     ///< With those of the program that every command takes.
};

/// The program, first, and every command of it; each stands before those within it.
std::vector<CommandNode> command_tree(CLI::App& program);

}  // namespace hangar
