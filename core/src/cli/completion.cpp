#include "cli/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "config/problems.hpp"
#include "hangar/version.hpp"
#include "text/nearest.hpp"

namespace hangar {
namespace {

/// In single quotes; `escaped` is how the shell writes one within them.
std::string in_single_quotes(std::string_view text, std::string_view escaped = "'\\''") {
  std::string all = "'";
  for (const char c : text) {
    if (c == '\'') {
      all += escaped;
    } else {
      all += c;
    }
  }
  return all + "'";
}

/// A pattern of `case` for everything below the program itself, which finds out the command that
/// was typed so far.
std::string known_words(const std::vector<CommandNode>& tree, std::string_view between) {
  std::vector<std::string> words;
  for (const CommandNode& node : tree) {
    if (&node != &tree.front()) words.push_back(in_single_quotes(node.words));
  }
  return fmt::format("{}", fmt::join(words, between));
}

/// The help of a command within this one.
std::string help_at(const std::vector<CommandNode>& tree, const std::string& words) {
  for (const CommandNode& node : tree) {
    if (node.words == words) return node.help;
  }
  return {};
}

/// The flags whose value is one of a few, and those values.
std::map<std::string, std::vector<std::string>> chosen(const std::vector<CommandNode>& tree) {
  std::map<std::string, std::vector<std::string>> choices;
  for (const CommandNode& node : tree) {
    for (const CommandFlag& flag : node.flags) {
      if (!flag.choices.empty()) {
        choices.emplace(fmt::format("{}", fmt::join(flag.names, "|")), flag.choices);
      }
    }
  }
  return choices;
}

/// The flags whose value may be anything.
std::string open_flags(const std::vector<CommandNode>& tree) {
  std::map<std::string, bool> names;
  for (const CommandNode& node : tree) {
    for (const CommandFlag& flag : node.flags) {
      if (!flag.takes_value || !flag.choices.empty()) continue;
      for (const std::string& name : flag.names) names.emplace(name, true);
    }
  }
  std::string all;
  for (const auto& [name, is_one] : names) all += (all.empty() ? "" : "|") + name;
  return all;
}

std::string for_bash(const std::vector<CommandNode>& tree) {
  std::string text = fmt::format(R"(# bash completion for hangar: hangar completion bash
_hangar() {{
  local at=hangar here=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} word words=
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$at $word" in
      {}) at+=" $word" ;;
    esac
  done
  COMPREPLY=()
  case $before in
    {}) return ;;
)",
                                 known_words(tree, " | "), open_flags(tree));
  for (const auto& [names, choices] : chosen(tree)) {
    text += fmt::format("    {}) words='{}' ;;\n", names, fmt::join(choices, " "));
  }
  text += "    *) case $at in\n";
  for (const CommandNode& node : tree) {
    std::vector<std::string> words{node.commands};
    words.insert(words.end(), node.choices.begin(), node.choices.end());
    for (const CommandFlag& flag : node.flags) {
      words.insert(words.end(), flag.names.begin(), flag.names.end());
    }
    text += fmt::format("      {}) words='{}' ;;\n", in_single_quotes(node.words),
                        fmt::join(words, " "));
  }
  // Where there is nothing to offer, the name of a file.
  return text + R"(    esac ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$here")
}
complete -o default -F _hangar hangar
)";
}

std::string for_zsh(const std::vector<CommandNode>& tree) {
  std::string text = fmt::format(R"(#compdef hangar
# hangar completion zsh
local at=hangar before=${{words[CURRENT-1]}} word
local -a offered flagged
for word in ${{words[2,CURRENT-1]}}; do
  case "$at $word" in
    ({}) at+=" $word" ;;
  esac
done
case $before in
  ({}) _files; return ;;
)",
                                 known_words(tree, "|"), open_flags(tree));
  for (const auto& [names, choices] : chosen(tree)) {
    text += fmt::format("  ({}) compadd {}; return ;;\n", names, fmt::join(choices, " "));
  }
  text += "esac\ncase $at in\n";
  for (const CommandNode& node : tree) {
    text += fmt::format("  ({})\n    offered=({}\n", in_single_quotes(node.words),
                        fmt::join(node.choices, " "));
    for (const std::string& name : node.commands) {
      text += fmt::format("      {}\n",
                          in_single_quotes(name + ":" + help_at(tree, node.words + " " + name)));
    }
    text += "    )\n    flagged=(\n";
    for (const CommandFlag& flag : node.flags) {
      for (const std::string& name : flag.names) {
        text += fmt::format("      {}\n", in_single_quotes(name + ":" + flag.help));
      }
    }
    text += "    ) ;;\n";
  }
  return text + R"(esac
if [[ $PREFIX == -* ]]; then
  _describe option flagged
elif (( $#offered )); then
  _describe command offered
else
  _files
fi
)";
}

std::string for_fish(const std::vector<CommandNode>& tree) {
  std::string text = fmt::format(R"(# hangar completion fish
function __hangar_at
    set -l at hangar
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case {}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
)",
                                 known_words(tree, " "));
  for (const CommandNode& node : tree) {
    const std::string here = fmt::format("complete -c hangar -n '__hangar_at \"{}\"'", node.words);
    for (const std::string& name : node.commands) {
      text += fmt::format("{} -f -a {} -d {}\n", here, name,
                          in_single_quotes(help_at(tree, node.words + " " + name), "\\'"));
    }
    if (!node.choices.empty()) {
      text += fmt::format("{} -f -a '{}'\n", here, fmt::join(node.choices, " "));
    }
    for (const CommandFlag& flag : node.flags) {
      text += here;
      for (const std::string& name : flag.names) {
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!flag.choices.empty()) {
        text += fmt::format(" -x -a '{}'", fmt::join(flag.choices, " "));
      } else if (flag.takes_value) {
        text += " -r";
      }
      text += fmt::format(" -d {}\n", in_single_quotes(flag.help, "\\'"));
    }
  }
  return text;
}

/// As it is, whatever it begins with and holds.
std::string for_man(std::string_view text) {
  std::string all;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) all += "\\&";
    begins = c == '\n';
    if (c == '\\') {
      all += "\\e";
    } else if (c == '-') {
      all += "\\-";
    } else {
      all += c;
    }
  }
  return begins ? all : all + "\n";
}

}  // namespace

std::string is_shell(const std::string& text) {
  const std::vector<std::string> known{"bash", "zsh", "fish"};
  if (std::ranges::find(known, text) != known.end()) return {};
  return in_quotes(text) + " is neither bash nor zsh nor fish" + did_you_mean(text, known);
}

std::string completion(const std::vector<CommandNode>& tree, const std::string& shell) {
  if (shell == "bash") return for_bash(tree);
  return shell == "zsh" ? for_zsh(tree) : for_fish(tree);
}

std::string manual_page(const std::vector<CommandNode>& tree) {
  std::string text = fmt::format(R"(.TH HANGAR 1 "" "hangar {}"
.SH NAME
hangar \- hosts services on NATS JetStream
.SH SYNOPSIS
.B hangar
.I command
.RI [ option "]..."
.SH DESCRIPTION
.nf
{}.fi
.SH COMMANDS
)",
                                 version, for_man(tree.front().whole_help));
  for (const CommandNode& node : tree) {
    if (&node == &tree.front() || !node.commands.empty()) continue;
    text += fmt::format(".SS {}.nf\n{}.fi\n", for_man(node.words), for_man(node.whole_help));
  }
  return text;
}

}  // namespace hangar
