#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/since.hpp"
#include "cli/table.hpp"
#include "dead_letters/dead_letters.hpp"
#include "dead_letters/letter_groups.hpp"
#include "dead_letters/letter_json.hpp"
#include "hangar/error.hpp"
#include "host/installation.hpp"
#include "host/nats_server.hpp"
#include "log/stderr_log.hpp"
#include "text/escape.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar::cli {
namespace {

// The most letters that a command takes at a time, which bounds its memory.
constexpr std::size_t most_listed = 1'000;
constexpr std::size_t most_at_once = 1'000'000;

DeadLetterFilter filter_of(const LettersOptions& options, std::size_t most) {
  DeadLetterFilter filter;
  filter.service = options.service;
  filter.reason = options.reason;
  filter.sequences = options.sequences;
  filter.limit = options.limit == 0 ? most : options.limit;
  if (!options.since.empty()) {
    filter.since = parse_since(options.since, std::chrono::system_clock::now());
  }
  return filter;
}

void with_letters(const HostOptions& host, const DeadLetters::Work& work) {
  Installation installation{host};
  installation.load();
  StderrLog log{"hangar", log_level(installation.config().log.level), StderrLog::Format::text};
  const NatsServer nats_server{installation, log};
  DeadLetters::run(nats_server.settings(), log, work);
}

/// Letters that are printed at the end: each for itself, as a table or as JSON.
class Listing {
 public:
  void add(const DeadLetter& letter) {
    table_.add({std::to_string(letter.dead_letter_sequence), letter.service, letter.stream,
                std::to_string(letter.sequence), letter.time, letter.reason, letter.pointer,
                letter.error});
    rows_.push_back(letter_json(letter));
  }
  void print(Output output) const { hangar::print(output, rows_, table_); }

 private:
  TextTable table_{{"SEQ", "SERVICE", "STREAM", "EVENT", "TIME", "REASON", "POINTER", "ERROR"}};
  json::array rows_;
};

void print_groups(const LetterGroups& letters) {
  TextTable table{
      {"SEQ", "LETTERS", "SERVICE", "STREAM", "FIRST", "LAST", "REASON", "POINTER", "ERROR"}};
  for (const LetterGroups::Group& group : letters.groups()) {
    table.add({std::to_string(group.first.dead_letter_sequence), std::to_string(group.letters),
               group.first.service, group.first.stream, group.first.time, group.last_time,
               group.first.reason, group.first.pointer, group.first.error});
  }
  table.print_to_standard_output();
  if (letters.letters() > letters.groups().size()) {
    fmt::print(stderr, "{} letters; --each lists them one by one\n", letters.letters());
  }
  if (letters.left_out() > 0) {
    fmt::print(stderr, "{} of them are like none of these {}, and are not listed\n",
               letters.left_out(), letters.groups().size());
  }
}

int list_groups(const HostOptions& host, const LettersOptions& options) {
  const DeadLetterFilter filter = filter_of(options, most_at_once);
  LetterGroups groups{most_listed};
  with_letters(host, [&](DeadLetters& letters) -> asio::awaitable<void> {
    co_await letters.each(filter, [&](const DeadLetter& letter) { groups.add(letter); });
  });
  print_groups(groups);
  return exit_code::done;
}

/// How a command that changes letters has gone.
struct Outcome {
  std::size_t selected = 0;
  std::size_t done = 0;
  std::size_t gone = 0;  ///< Somebody else replayed or deleted them meanwhile.
  std::size_t failed = 0;

  [[nodiscard]] int report(Output output, std::string_view doing) const {
    if (output == Output::json) {
      const json::object object{
          {"selected", selected}, {doing, done}, {"gone", gone}, {"failed", failed}};
      std::cout << json::serialize(object) << '\n';
    }
    fmt::print(stderr, "{} {}", done, doing);
    if (gone > 0) fmt::print(stderr, ", {} were gone already", gone);
    if (failed > 0) fmt::print(stderr, ", {} failed and stay", failed);
    fmt::print(stderr, "\n");
    return failed == 0 ? exit_code::done : exit_code::failed;
  }
};

using ForEach = std::function<asio::awaitable<void>(DeadLetters&, std::uint64_t, Outcome&)>;

/// Calls `one` with the position of each selected letter, unless a person does not agree to so many
/// of them.
Outcome for_each(const HostOptions& host, const LettersOptions& options, const char* doing,
                 const ForEach& one, const std::function<bool(std::size_t)>& agreed = {}) {
  Outcome outcome;
  const DeadLetterFilter filter = filter_of(options, most_at_once);
  with_letters(host, [&](DeadLetters& letters) -> asio::awaitable<void> {
    std::vector<std::uint64_t> chosen;
    co_await letters.each(
        filter, [&](const DeadLetter& letter) { chosen.push_back(letter.dead_letter_sequence); });
    outcome.selected = chosen.size();
    if (agreed && !chosen.empty() && !agreed(chosen.size())) co_return;
    Progress progress{doing, chosen.size()};
    for (const std::uint64_t sequence : chosen) {
      co_await one(letters, sequence, outcome);
      progress.update(outcome.done);
    }
    progress.finish(outcome.done);
  });
  return outcome;
}

asio::awaitable<void> replay_one(DeadLetters& letters, std::uint64_t sequence, Outcome& outcome) {
  try {
    auto letter = co_await letters.read(sequence);
    if (!letter) {
      ++outcome.gone;
      co_return;
    }
    co_await letters.replay(*std::move(letter));
    ++outcome.done;
  } catch (const TransientError&) {
    throw;
  } catch (const Error& error) {
    // This one alone: the others may do.
    ++outcome.failed;
    fmt::print(stderr, "hangar: {}\n", escaped(error.what()));
  }
}

void print_letter(const StoredLetter& stored) {
  const DeadLetter& letter = stored.letter;
  TextTable table{{"LETTER", std::to_string(letter.dead_letter_sequence)}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) table.add({name, value});
  };
  add("service", letter.service);
  add("reason", letter.reason);
  add("error", letter.error);
  add("pointer", letter.pointer);
  add("sqlstate", letter.sqlstate);
  add("time", letter.time);
  add("stream", letter.stream);
  add("subject", letter.subject);
  add("event", fmt::format("{}, delivered {} times", letter.sequence, letter.deliveries));
  add("size", fmt::format("{} bytes{}", letter.size, letter.incomplete ? ", not all here" : ""));
  for (const auto& [name, value] : stored.original)
    add("header", fmt::format("{}: {}", name, value));
  table.print_to_standard_output();
  std::cout << '\n' << escaped(stored.body) << '\n';
}

bool confirmed(const std::string& question) {
  fmt::print(stderr, "{} [y/N] ", question);
  std::fflush(stderr);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

int list_letters(const HostOptions& host, Output output, const LettersOptions& options) {
  if (output == Output::table && !options.each) return list_groups(host, options);
  const DeadLetterFilter filter = filter_of(options, most_listed);
  Listing listing;
  std::size_t found = 0;
  with_letters(host, [&](DeadLetters& letters) -> asio::awaitable<void> {
    co_await letters.each(filter, [&](const DeadLetter& letter) {
      ++found;
      listing.add(letter);
    });
  });
  listing.print(output);
  if (options.limit == 0 && found == most_listed) {
    fmt::print(stderr, "these are the oldest {}; --limit shows more\n", found);
  }
  return exit_code::done;
}

int show_letter(const HostOptions& host, Output output, const LettersOptions& options) {
  const std::uint64_t sequence = options.sequences.front();
  std::optional<StoredLetter> letter;
  with_letters(host, [&](DeadLetters& letters) -> asio::awaitable<void> {
    letter = co_await letters.read(sequence);
  });
  if (!letter) throw Error{fmt::format("there is no letter {}; see `hangar dlq ls`", sequence)};
  if (options.raw) {
    std::cout << letter->body;
  } else if (output == Output::json) {
    std::cout << json::serialize(letter_json(*letter)) << '\n';
  } else {
    print_letter(*letter);
  }
  return exit_code::done;
}

int replay_letters(const HostOptions& host, Output output, const LettersOptions& options) {
  if (options.dry_run) return list_letters(host, output, options);
  return for_each(host, options, "replayed", replay_one).report(output, "replayed");
}

int purge_letters(const HostOptions& host, Output output, const LettersOptions& options) {
  if (options.dry_run) return list_letters(host, output, options);
  if (!options.yes && ::isatty(STDIN_FILENO) != 1) {
    fmt::print(stderr,
               "hangar: dlq purge deletes for good: pass --yes where nobody can be asked\n");
    return exit_code::usage;
  }
  const auto agreed = [&](std::size_t letters) {
    return options.yes || confirmed(fmt::format("Delete {} letters for good?", letters));
  };
  const auto remove = [](DeadLetters& letters, std::uint64_t sequence,
                         Outcome& outcome) -> asio::awaitable<void> {
    co_await letters.remove(sequence);
    ++outcome.done;
  };
  return for_each(host, options, "purged", remove, agreed).report(output, "purged");
}

int force_letters(const HostOptions& host, const LettersOptions& options) {
  if (!options.yes && ::isatty(STDIN_FILENO) != 1) {
    fmt::print(stderr, "hangar: dlq force decides: pass --yes where nobody can be asked\n");
    return exit_code::usage;
  }
  Installation installation{host};
  installation.load();
  std::vector<std::string> services;
  for (const auto& service : installation.services()) {
    const bool chosen = options.service.empty() ? service.factory->enabled()
                                                : options.service == service.plugin->name;
    if (chosen) services.emplace_back(service.plugin->name);
  }
  if (services.empty()) throw Error{"there is no such service; see `hangar services ls`"};
  if (!options.yes && !confirmed("Is what the database refuses at fault, and not the database?")) {
    return exit_code::failed;
  }
  with_letters(host, [&](DeadLetters& letters) -> asio::awaitable<void> {
    for (const std::string& service : services) co_await letters.force(service);
  });
  fmt::print(stderr,
             "what is held now becomes a dead letter when it is tried next, within 10 s of a "
             "running host or when one starts: see `hangar dlq ls`\n");
  return exit_code::done;
}

int export_letters(const HostOptions& host, const LettersOptions& options) {
  const auto write = [](DeadLetters& letters, std::uint64_t sequence,
                        Outcome& counted) -> asio::awaitable<void> {
    const auto letter = co_await letters.read(sequence);
    if (letter) std::cout << letter_line(*letter) << '\n';
    ++(letter ? counted.done : counted.gone);
  };
  const Outcome outcome = for_each(host, options, "exported", write);
  std::cout.flush();
  if (!std::cout) throw Error{"standard output cannot be written"};
  return outcome.report(Output::table, "exported");
}

}  // namespace hangar::cli
