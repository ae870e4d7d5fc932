#include "cli/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/describe.hpp"
#include "cli/command_tree.hpp"
#include "cli/completion.hpp"
#include "cli/environment.hpp"
#include "cli/help_texts.hpp"
#include "cli/inspect_plugin.hpp"
#include "cli/new_project.hpp"
#include "cli/plugin_commands.hpp"
#include "cli/usage.hpp"
#include "cli/watch_options.hpp"
#include "hangar/error.hpp"
#include "log/stderr_log.hpp"
#include "nats/nats_library.hpp"

namespace hangar {
namespace {

/// The grammar of the command line and what was parsed.
class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.get_formatter()->column_width(34);
    app_.set_version_flag("--version", fmt::format("hangar {}", version));
    app_.add_option("-c,--config", host_.config_files,
                    "YAML file, or folder of *.yaml; later ones win; may be repeated")
        ->allow_extra_args(false);
    app_.add_option("--set", host_.sets, "Set one value, for example log.level=debug")
        ->allow_extra_args(false);
    host_.environment = environment();
    add_run();
    add_watching();
    add_replay();
    add_verify();
    add_publish();
    add_lists();
    add_config();
    add_dead_letters();
    add_documents();
    add_new();
    command(
        "version", "Print the version", [this] { return cli::print_version(output_); }, true);
    app_.footer(cli::exit_codes);  // last: commands begin with that of their parent
  }

  int run(int argc, const char* const* argv) {
    if (parse(argc, argv)) return chosen_();
    if (may_be_of_a_plugin()) {
      add_plugin_commands();
      if (parse(argc, argv)) return chosen_();
    }
    // Help is such an error too.
    if (error_->get_exit_code() == 0) return app_.exit(*error_, std::cout, std::cerr);
    for (const std::string& fault : faults_) report(fault);
    const std::string message = usage_message(app_, *error_);
    if (app_.got_subcommand("check")) return cli::check_misused(message);
    report(message);
    return exit_code::usage;
  }

 private:
  bool parse(int argc, const char* const* argv) {
    chosen_ = nullptr;
    try {
      app_.parse(argc, argv);
      return true;
    } catch (const CLI::ParseError& error) {
      error_ = error;
      return false;
    }
  }

  // Otherwise no plugin is loaded before a command needs it.
  [[nodiscard]] bool may_be_of_a_plugin() const {
    if (error_->get_name() == "CallForVersion") return false;
    const auto left_over = app_.remaining(true);
    return left_over.empty() ? app_.get_subcommands().empty() : !left_over.front().starts_with('-');
  }

  void add_plugin_commands() {
    const auto added = [this](CLI::App& command, std::function<int()> action) {
      command.footer(cli::settings_help);
      command.callback([this, action = std::move(action)] { chosen_ = action; });
    };
    try {
      plugins_ = std::make_unique<PluginCommands>(host_);
      plugins_->add_to(app_, added);
      faults_ = plugins_->faults();
    } catch (const std::exception& error) {
      faults_ = {"no plugin was asked for its commands", describe(error)};
    }
  }

  CLI::App* command(const std::string& name, const std::string& help, std::function<int()> action,
                    bool with_output = false, CLI::App* parent = nullptr) {
    CLI::App* sub = (parent != nullptr ? parent : &app_)->add_subcommand(name, help);
    if (with_output) {
      const auto take = [this](const std::string& form) {
        output_ = form == "json" ? cli::Output::json : cli::Output::table;
      };
      sub->add_option_function<std::string>("-o,--output", take, "How to print")
          ->check(is_output)
          ->option_text("table|json");
    }
    if (name != "version") sub->footer(cli::settings_help);
    sub->callback([this, action = std::move(action)] { chosen_ = action; });
    return sub;
  }

  CLI::App* group(const std::string& name, const std::string& help) {
    CLI::App* sub = app_.add_subcommand(name, help);
    sub->require_subcommand(1);
    return sub;
  }

  void add_run() {
    CLI::App* run = command("run", "Run the enabled services until SIGTERM or SIGINT",
                            [this] { return cli::run(host_); });
    run->add_option("--only", host_.only, "Run these services instead of the enabled ones: a,b")
        ->delimiter(',')
        ->allow_extra_args(false);
    run->add_flag("--until-drained", host_.until_drained,
                  "Exit when everything that is in the streams now is recorded or dead-lettered");
  }

  void add_watching() {
    add_status_options(*command(
                           "status", "Show the hosts that run on this machine",
                           [this] { return cli::status(host_, output_, status_); }, true),
                       status_);
    add_top_options(*command("top", "Show the hosts that run here live, with rates",
                             [this] { return cli::top(host_, top_); }),
                    top_);
    CLI::App* checks = group("check", "Look at the hosts that run here as a plugin of Nagios");
    for (const cli::Checked what : cli::all_checks) {
      const auto action = [this, what] { return cli::check(host_, what, check_); };
      add_check_options(*command(name_of(what), help_of(what), action, false, checks), what,
                        check_);
    }
  }

  void add_replay() {
    CLI::App* replay =
        command("replay", "Record again what the streams still hold, after a database was restored",
                [this] { return cli::replay(host_, start_); });
    replay->footer(std::string{cli::replay_help} + "\n\n" + cli::settings_help);
    CLI::Option_group* start = replay->add_option_group("start", "Where to begin, one of");
    start->add_option("--since", start_.since, "A time, or a duration before now: 30m, 2h, 1d")
        ->check(is_moment);
    start->add_option("--sequence", start_.sequence, "A position in the stream")
        ->check(is_positive);
    start->require_option(1);
    replay->add_option("--service", host_.only, "Only for this service; else for the enabled ones")
        ->allow_extra_args(false);
  }

  void add_verify() {
    CLI::App* verify = command(
        "verify", "Compare the database with what the events in the stream say, changing nothing",
        [this] { return cli::verify(host_, output_, verify_); }, true);
    CLI::Option_group* which = verify->add_option_group("which", "What to compare, one of");
    which->add_option("--sample", verify_.sample, "So many runs, drawn at random")
        ->check(is_positive);
    which->add_flag("--all", verify_.all, "Everything that the stream still holds");
    which->require_option(1);
    verify->add_option("--seed", verify_.seed, "Draw the runs that an earlier sample with it drew")
        ->check(is_whole);
    verify->add_option("--service", host_.only, "Only for this service; else for the enabled ones")
        ->allow_extra_args(false);
    command(
        "doctor", "Look at servers, streams, tables and settings, and say what to do about them",
        [this] { return cli::doctor(host_, output_); }, true);
  }

  void add_publish() {
    CLI::App* publish = command("publish", "Publish files of events, one JSON document a line",
                                [this] { return cli::publish(host_, publish_); });
    publish->add_option("FILE", publish_.files, "Files; - is standard input")->required();
    publish->add_option("--subject", publish_.subject,
                        "Publish to this subject instead of the one that the event's name implies");
    publish->add_flag("--raw", publish_.raw, "Publish lines that are not JSON as they are");
  }

  void add_lists() {
    CLI::App* services = group("services", "Services that were found");
    command(
        "ls", "List services, enabled or not, and their states",
        [this] { return cli::list_services(host_, output_); }, true, services);
    CLI::App* plugins = group("plugins", "Plugins that were found");
    command(
        "ls", "List plugins: loaded, hidden or refused, and why",
        [this] { return cli::list_plugins(host_, output_); }, true, plugins);
    command(
        "inspect", "Say what a file is, what it was built as, and why it is refused",
        [this] { return cli::inspect_plugin(name_, output_); }, true, plugins)
        ->add_option("FILE", name_, "Of a plugin, wherever it is")
        ->required();
  }

  void add_config() {
    CLI::App* config = group("config", "The configuration");
    command(
        "check", "Check the configuration and report every error",
        [this] { return cli::check_config(host_); }, false, config);
    command(
        "show", "Print the value of every setting and where it comes from",
        [this] { return cli::show_config(host_, output_); }, true, config);
    command(
        "schema", "Print the JSON Schema of configuration files",
        [this] { return cli::print_schema(host_); }, false, config);
    command(
        "example", "Print a file with every setting", [this] { return cli::print_example(host_); },
        false, config);
    command(
        "table", "Print the table of settings for the documentation",
        [this] { return cli::print_table(host_); }, false, config);
  }

  CLI::App* letters_command(CLI::App* group, const std::string& name, const std::string& help,
                            std::function<int()> action, bool with_output) {
    CLI::App* sub = command(name, help, std::move(action), with_output, group);
    sub->add_option("--service", letters_.service, "Only letters of this service");
    sub->add_option("--reason", letters_.reason, "Only letters with this reason");
    sub->add_option("--since", letters_.since, "Only letters since a time, or for 30m, 2h, 1d")
        ->check(is_moment);
    sub->add_option("--sequence", letters_.sequences, "Only the letters of these numbers: 3,5")
        ->delimiter(',')
        ->check(is_positive)
        ->allow_extra_args(false);
    sub->add_option("--limit", letters_.limit, "No more than this many, the oldest ones")
        ->check(is_positive);
    return sub;
  }

  void add_dead_letters() {
    CLI::App* group_of_letters = group("dlq", "Events that could not be recorded");
    CLI::App* list = letters_command(
        group_of_letters, "ls", "List dead letters, equal ones once with their number",
        [this] { return cli::list_letters(host_, output_, letters_); }, true);
    list->add_flag("--each", letters_.each, "One line for each letter, as in JSON");
    CLI::App* show = command(
        "show", "Print one dead letter with its event",
        [this] { return cli::show_letter(host_, output_, letters_); }, true, group_of_letters);
    show->add_option("SEQ", letters_.sequences, "The letter's number, as in `hangar dlq ls`")
        ->required()
        ->check(is_positive)
        ->expected(1);
    show->add_flag("--raw", letters_.raw, "Print the bytes of the event and nothing else");
    CLI::App* replay = letters_command(
        group_of_letters, "replay", "Put the events of dead letters back into the stream",
        [this] { return cli::replay_letters(host_, output_, letters_); }, true);
    CLI::App* purge = letters_command(
        group_of_letters, "purge", "Delete dead letters for good",
        [this] { return cli::purge_letters(host_, output_, letters_); }, true);
    purge->add_flag("-y,--yes", letters_.yes, "Do not ask");
    for (CLI::App* change : {replay, purge}) {
      change->add_flag("--dry-run", letters_.dry_run, "Only list the letters it is about");
    }
    CLI::App* force = command(
        "force",
        "Make dead letters of what the database refuses and the host holds, because nothing shows "
        "that it takes such rows",
        [this] { return cli::force_letters(host_, letters_); }, false, group_of_letters);
    force->add_option("--service", letters_.service, "Only of this service");
    force->add_flag("-y,--yes", letters_.yes, "Do not ask");
    letters_command(
        group_of_letters, "export", "Print dead letters with their events, for `hangar publish`",
        [this] { return cli::export_letters(host_, letters_); }, false);
  }

  // What the packages are made with, too.
  void add_documents() {
    CLI::App* words =
        command("completion", "Print what completes Hangar's words in a shell", [this] {
          add_plugin_commands();
          std::cout << completion(command_tree(app_), shell_);
          return 0;
        });
    words->add_option("SHELL", shell_, "For which shell")
        ->required()
        ->check(is_shell)
        ->option_text("bash|zsh|fish");
    command("manual", "Print the manual page, for `man -l -`", [this] {
      add_plugin_commands();
      std::cout << manual_page(command_tree(app_));
      return 0;
    });
  }

  void add_new() {
    CLI::App* begin = group("new", "Begin a project");
    const auto add = [&](const char* kind, const char* summary) {
      CLI::App* one = command(
          kind, summary, [this, kind] { return cli::new_project(kind, name_); }, false, begin);
      one->add_option("NAME", name_, "Of the plugin")->required()->check(cli::is_project_name);
    };
    add("service", "Make the folder NAME: a plugin that reads a stream, its test, a page");
    add("storage", "Make the folder NAME: a plugin that keeps rows, its test, a page");
  }

  CLI::App app_{cli::examples, "hangar"};
  HostOptions host_;
  cli::PublishOptions publish_;
  cli::Output output_ = cli::Output::table;
  cli::LettersOptions letters_;
  cli::ReplayStart start_;
  cli::VerifyOptions verify_;
  cli::StatusOptions status_;
  cli::TopOptions top_;
  cli::CheckOptions check_;
  std::string shell_;
  std::string name_;
  std::function<int()> chosen_;
  std::optional<CLI::ParseError> error_;
  std::unique_ptr<PluginCommands> plugins_;
  std::vector<std::string> faults_;
};

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  const NatsLibrary nats;
  try {
    return CommandLine{}.run(argc, argv);
  } catch (const std::exception& error) {
    report(describe(error));
    return exit_code::of(std::current_exception());
  }
}

}  // namespace hangar
