#include "cli/usage.hpp"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace hangar {
namespace {

/// What is said of a command line of a small program.
std::string said(const std::vector<std::string>& words) {
  CLI::App program{"Shows all", "hangar"};
  program.require_subcommand(1);
  program.fallthrough();
  std::string text;
  program.add_option("-c,--config", text)->allow_extra_args(false);
  CLI::App* run = program.add_subcommand("run", "Run");
  run->add_flag("--until-drained");
  CLI::App* replay = program.add_subcommand("replay", "Replay");
  CLI::Option_group* start = replay->add_option_group("start", "One of");
  start->add_option("--since", text);
  start->add_option("--sequence", text)->check(is_positive);
  start->require_option(1);
  for (const char* name : {"services", "plugins"}) {
    CLI::App* group = program.add_subcommand(name, "Those");
    group->require_subcommand(1);
    group->add_subcommand("ls", "List");
  }
  try {
    program.parse(std::vector<std::string>{words.rbegin(), words.rend()});
  } catch (const CLI::ParseError& error) {
    return usage_message(program, error);
  }
  return "fine";
}

TEST(Usage, every_mistake_names_the_word_and_what_there_is) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"run"}, "fine"},
      {{}, "`hangar` needs a command: run, replay, services, plugins; see `hangar --help`"},
      {{"bogus"},
       "`hangar` has no command 'bogus': its commands are run, replay, services, plugins; see "
       "`hangar --help`"},
      {{"service", "ls"},
       "`hangar` has no command 'service' (did you mean 'services'?): its commands are run, "
       "replay, services, plugins; see `hangar --help`"},
      {{"ls"},
       "`hangar` has no command 'ls' (there is `hangar services ls`, `hangar plugins ls`): its "
       "commands are run, replay, services, plugins; see `hangar --help`"},
      {{"services"}, "`hangar services` needs a command: ls; see `hangar services --help`"},
      {{"services", "list"},
       "`hangar services` has no command 'list': its commands are ls; see `hangar services "
       "--help`"},
      {{"services", "lss"},
       "`hangar services` has no command 'lss' (did you mean 'ls'?): its commands are ls; see "
       "`hangar services --help`"},
      {{"services", "l"},
       "`hangar services` has no command 'l': its commands are ls; see `hangar services --help`"},
      {{"run", "--until-drain"},
       "`hangar run` has no flag '--until-drain' (did you mean '--until-drained'?); see `hangar "
       "run --help`"},
      {{"run", "--confg=x"},
       "`hangar run` has no flag '--confg' (did you mean '--config'?); see `hangar run --help`"},
      {{"replay", "--sinc", "2h"},
       "`hangar replay` has no flag '--sinc' (did you mean '--since'?); see `hangar replay "
       "--help`"},
      {{"run", "it"}, "`hangar run` takes no word 'it'; see `hangar run --help`"},
  };
  for (const auto& [words, expected] : cases) EXPECT_EQ(said(words), expected);
}

TEST(Usage, a_number_that_is_too_small_is_said_to_be_so_in_few_words) {
  for (const char* number : {"0", "-1", "1.5", "many", "99999999999999999999"}) {
    const std::string message = said({"replay", std::string{"--sequence="} + number});
    EXPECT_LT(message.size(), 120U) << message;
    EXPECT_NE(message.find("is no whole number from 1 on"), std::string::npos) << message;
  }
  EXPECT_EQ(is_positive("18446744073709551615"), "");
}

TEST(Usage, a_format_that_is_none_gets_a_suggestion) {
  EXPECT_EQ(is_output("json"), "");
  EXPECT_EQ(is_output("jsn"), "'jsn' is neither table nor json (did you mean 'json'?)");
  EXPECT_EQ(is_output("xml"), "'xml' is neither table nor json");
}

TEST(Usage, a_duration_has_an_end) {
  for (const char* text : {"0", "60", "30s", "5m", "31d"}) EXPECT_EQ(is_duration(text), "");
  for (const char* text : {"", "x", "-1", "32d", "99999999999d"}) {
    EXPECT_NE(is_duration(text), "") << text;
  }
}

}  // namespace
}  // namespace hangar
