#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.hpp"

namespace hangar {

/// For CLI::Option::check: a shell that `completion` knows, `bash`, `zsh` or `fish`.
std::string is_shell(const std::string& text);

/// What makes the shell complete the words of these commands: a file for bash-completion, a
/// function of zsh, a file of fish.
std::string completion(const std::vector<CommandNode>& tree, const std::string& shell);

/// The commands as a manual page, in man's language: the texts are those of `--help`.
std::string manual_page(const std::vector<CommandNode>& tree);

}  // namespace hangar
