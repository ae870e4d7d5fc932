#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "api/exit_code.hpp"
#include "hangar/host.hpp"
#include "hangar/version.hpp"

namespace hangar {

/// The program: parses the arguments, runs the command and returns the exit code. Data goes to
/// standard output, everything else to standard error. 0 done, 1 failed, 2 usage, 69 a dependency
/// cannot be reached, 75 draining timed out, 78 configuration.
HANGAR_API int run_command_line(int argc, const char* const* argv);

}  // namespace hangar

/// The commands of the program, one function each: they throw the errors of error.hpp and return an
/// exit code.
namespace hangar::cli {

enum class Output { table, json };

struct PublishOptions {
  std::vector<std::filesystem::path> files;  ///< `-` is standard input.
  std::string subject;                       ///< Empty: chosen by the event's name.
  bool raw = false;
};

/// What is empty selects every letter.
struct LettersOptions {
  std::string service;
  std::string reason;
  std::string since;  ///< A text that `parse_since` reads.
  std::vector<std::uint64_t> sequences;
  std::size_t limit = 0;  ///< 0: as many as the command takes at a time.
  bool each = false;      ///< A line for each of those that are equal.
  bool dry_run = false;
  bool yes = false;
  bool raw = false;
};

/// Where `hangar replay` begins: one of them is set.
struct ReplayStart {
  std::string since;  ///< A text that `parse_since` reads.
  std::uint64_t sequence = 0;
};

struct VerifyOptions {
  bool all = false;
  std::size_t sample = 0;  ///< How many, unless all.
  std::optional<std::uint64_t> seed;
};

struct StatusOptions {
  bool ready = false;  ///< Only say whether the hosts are ready.
  std::string wait;    ///< A duration; empty: do not wait until they are.
};

struct TopOptions {
  std::string interval = "2s";  ///< A duration.
  std::size_t count = 0;        ///< How many looks; 0: until a signal.
};

enum class Checked { lag, dlq, ready };

/// What is empty is as the command has it.
struct CheckOptions {
  std::string warning;   ///< A duration of lag, a number of dead letters.
  std::string critical;  ///< The same.
  std::string durable;
};

int run(const HostOptions& host);
int status(const HostOptions& host, Output output, const StatusOptions& options);
int top(const HostOptions& host, const TopOptions& options);
/// Returns the codes of a plugin of Nagios, whatever happens.
int check(const HostOptions& host, Checked what, const CheckOptions& options);
/// For words that the command line could not read.
int check_misused(const std::string& message);
int verify(const HostOptions& host, Output output, const VerifyOptions& options);
int doctor(const HostOptions& host, Output output);
int replay(HostOptions host, const ReplayStart& start);
int publish(const HostOptions& host, const PublishOptions& options);
int list_services(const HostOptions& host, Output output);
int list_plugins(const HostOptions& host, Output output);
int list_letters(const HostOptions& host, Output output, const LettersOptions& options);
int show_letter(const HostOptions& host, Output output, const LettersOptions& options);
int replay_letters(const HostOptions& host, Output output, const LettersOptions& options);
int purge_letters(const HostOptions& host, Output output, const LettersOptions& options);
int force_letters(const HostOptions& host, const LettersOptions& options);
int export_letters(const HostOptions& host, const LettersOptions& options);
int check_config(const HostOptions& host);
int show_config(const HostOptions& host, Output output);
int print_schema(const HostOptions& host);
int print_example(const HostOptions& host);
int print_table(const HostOptions& host);
int print_version(Output output);

}  // namespace hangar::cli
