#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/letter_json.hpp"
#include "cli/progress.hpp"
#include "hangar/error.hpp"
#include "host/installation.hpp"
#include "log/stderr_log.hpp"
#include "nats/broker.hpp"
#include "nats/publish_subject.hpp"
#include "nats/publisher.hpp"

namespace hangar::cli {
namespace {

/// The lines of several files as messages, read one at a time.
class Lines {
 public:
  explicit Lines(const PublishOptions& options) : options_{options} {}

  std::optional<PublishLine> next() {
    std::string line;
    while (true) {
      if (input_ == nullptr && !open()) return std::nullopt;
      if (std::getline(*input_, line)) break;
      if (input_->bad()) throw Error{fmt::format("{}: cannot be read", name_)};
      input_ = nullptr;
    }
    const std::string origin = fmt::format("{}:{}", name_, ++number_);
    if (auto letter = from_letter(line, origin)) return letter;
    PublishFacts facts = publish_facts(line);
    if (!facts.json && !options_.raw) {
      throw Error{fmt::format("{}: not JSON; --raw publishes such lines as they are", origin)};
    }
    return PublishLine{.subject = options_.subject.empty() ? facts.subject : options_.subject,
                       .id = facts.id,
                       .body = std::move(line),
                       .origin = origin};
  }

 private:
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

  const PublishOptions& options_;
  std::size_t file_ = 0;
  std::size_t number_ = 0;
  std::string name_;
  std::ifstream stream_;
  std::istream* input_ = nullptr;
};

std::size_t count_lines(const PublishOptions& options) {
  std::size_t lines = 0;
  for (const auto& path : options.files) {
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
  Installation installation{host};
  installation.load();
  StderrLog log{make_log(installation)};
  const Broker broker{installation, log};
  Lines lines{options};
  Progress progress{"published", count_lines(options)};
  const PublishOutcome outcome = publish_lines(
      {.nats = broker.settings()}, log, [&] { return lines.next(); },
      [&](std::uint64_t done) { progress.update(done); });
  progress.finish(outcome.stored + outcome.duplicates);
  fmt::print(stderr, "{} stored, {} were there already\n", outcome.stored, outcome.duplicates);
  return exit_code::done;
}

}  // namespace hangar::cli
