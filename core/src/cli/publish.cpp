#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "dead_letters/letter_json.hpp"
#include "hangar/error.hpp"
#include "host/installation.hpp"
#include "host/nats_server.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/publish_subject.hpp"
#include "jetstream/publisher.hpp"
#include "log/stderr_log.hpp"

namespace hangar::cli {
namespace {

std::string not_json(std::string_view line, const std::string& origin) {
  const auto fault = json_fault(line);
  return fmt::format(
      "{}:{}: not JSON ({}); each line is one event, or a list of them: `jq -c` writes JSON of "
      "several lines so, and --raw publishes what is no JSON as it is",
      origin, fault ? fault->column : 1, fault ? fault->what : "it is nested too deeply");
}

/// The lines of several files as messages, read one at a time.
class Lines {
 public:
  explicit Lines(const PublishOptions& options) : options_{options} {}

  std::optional<PublishLine> next() {
    while (pending_.empty()) {
      if (input_ == nullptr && !open()) return std::nullopt;
      if (!std::getline(*input_, text_)) {
        if (input_->bad()) throw Error{fmt::format("{}: cannot be read", name_)};
        input_ = nullptr;
        continue;
      }
      const std::string origin = fmt::format("{}:{}", name_, ++number_);
      if (!options_.raw) check_line(text_, origin);
      cut(origin);
    }
    PublishLine line = std::move(pending_.front());
    pending_.pop_front();
    return line;
  }

 private:
  /// Makes messages of a line: of several events when it is a list of them.
  void cut(const std::string& origin) {
    if (auto letter = from_letter(text_, origin)) {
      pending_.push_back(*std::move(letter));
      return;
    }
    const auto events = options_.raw ? std::nullopt : events_of(text_);
    if (!events) {
      pending_.push_back(message(std::move(text_), origin));
      return;
    }
    std::size_t number = 0;
    for (const std::string_view event : *events) {
      const std::string place = fmt::format("{}, event {}", origin, ++number);
      if (!event.starts_with('{')) throw Error{place + ": it is no JSON object"};
      pending_.push_back(message(std::string{event}, place));
    }
  }

  [[nodiscard]] PublishLine message(std::string body, const std::string& origin) const {
    const PublishDefaults defaults = publish_defaults(body);
    if (!defaults.json && !options_.raw) throw Error{not_json(body, origin)};
    return PublishLine{.subject = options_.subject.empty() ? defaults.subject : options_.subject,
                       .id = defaults.id,
                       .body = std::move(body),
                       .origin = origin};
  }

  [[nodiscard]] std::optional<PublishLine> from_letter(std::string_view line,
                                                       const std::string& origin) const try {
    std::optional<PublishLine> letter = parse_letter_line(line);
    if (!letter) return std::nullopt;
    letter->origin = origin;
    if (!options_.subject.empty()) letter->subject = options_.subject;
    return letter;
  } catch (const Error& error) {
    throw Error{fmt::format("{}: {}", origin, error.what())};
  }

  bool open() {
    if (file_ == options_.files.size()) return false;
    const auto& path = options_.files[file_++];
    number_ = 0;
    name_ = path.string();
    if (path == "-") {
      input_ = &std::cin;
      return true;
    }
    stream_ = std::ifstream{path, std::ios::binary};
    if (!stream_) throw Error{fmt::format("{}: cannot be opened", name_)};
    input_ = &stream_;
    return true;
  }

  void check_line(std::string_view line, const std::string& origin) const {
    if (number_ == 1 && line.starts_with("\xEF\xBB\xBF")) {
      throw Error{
          fmt::format("{}:1: the file begins with a byte order mark, which is no part of "
                      "JSON: save it without, `sed -i '1s/^\\xEF\\xBB\\xBF//' {}` removes it",
                      origin, name_)};
    }
    if (line.find_first_not_of(" \t\r") == line.npos) {
      throw Error{
          fmt::format("{}:1: the line is empty, and each line is one event: remove it, "
                      "`sed -i '/^[[:space:]]*$/d' {}` removes all that are",
                      origin, name_)};
    }
  }

  const PublishOptions& options_;
  std::size_t file_ = 0;
  std::size_t number_ = 0;
  std::string name_;
  std::string text_;
  std::deque<PublishLine> pending_;
  std::ifstream stream_;
  std::istream* input_ = nullptr;
};

// 0 when nobody can tell: what is no regular file can be read once only.
std::size_t count_lines(const PublishOptions& options) {
  std::size_t lines = 0;
  for (const auto& path : options.files) {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(path, failed)) return 0;
    std::ifstream file{path, std::ios::binary};
    lines += static_cast<std::size_t>(
        std::count(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}, '\n'));
  }
  return lines;
}

StderrLog make_log(const Installation& installation) {
  return StderrLog{"hangar", log_level(installation.config().log.level), StderrLog::Format::text};
}

}  // namespace

int publish(const HostOptions& host, const PublishOptions& options) {
  if (!options.subject.empty()) check_publish_subject(options.subject, "--subject");
  Installation installation{host};
  installation.load();
  StderrLog log{make_log(installation)};
  const NatsServer nats_server{installation, log};
  Lines lines{options};
  Progress progress{"published", count_lines(options)};
  const PublishOutcome outcome = publish_lines(
      {.nats = nats_server.settings(), .trouble = [&] { return nats_server.trouble(); }}, log,
      [&] { return lines.next(); }, [&](std::uint64_t done) { progress.update(done); });
  progress.finish(outcome.stored + outcome.duplicates);
  fmt::print(stderr, "{} stored, {} were there already\n", outcome.stored, outcome.duplicates);
  return exit_code::done;
}

}  // namespace hangar::cli
