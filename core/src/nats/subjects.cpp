#include "nats/subjects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "hangar/error.hpp"

namespace hangar {
namespace {

/// Tokens between dots, as a publisher may write them; one dot at the end is left out.
std::string checked_prefix(std::string prefix, std::string_view setting) {
  if (prefix.ends_with('.')) prefix.pop_back();
  const bool bad = prefix.empty() || prefix.starts_with('.') || prefix.ends_with('.') ||
                   prefix.find("..") != std::string::npos ||
                   prefix.find_first_of(std::string_view{" \t\r\n\f\0*>", 8}) != std::string::npos;
  if (!bad) return prefix;
  throw ConfigError{fmt::format(
      "{}: `{}` cannot begin a subject: write words with a dot between them, without blanks, `*` "
      "or `>`",
      setting, prefix)};
}

// Words with a dot between each two; a blank would end the line of the protocol.
bool is_subject(std::string_view subject) noexcept {
  return !subject.empty() && !subject.starts_with('.') && !subject.ends_with('.') &&
         subject.find("..") == std::string_view::npos &&
         std::ranges::none_of(subject, [](unsigned char c) { return c <= ' ' || c == 0x7F; });
}

}  // namespace

bool is_literal_subject(std::string_view subject) noexcept {
  const auto has_word = [&](std::string_view word) {
    for (std::size_t at = subject.find(word); at != subject.npos; at = subject.find(word, at + 1)) {
      const bool begins = at == 0 || subject[at - 1] == '.';
      const bool ends = at + 1 == subject.size() || subject[at + 1] == '.';
      if (begins && ends) return true;
    }
    return false;
  };
  return is_subject(subject) && !has_word("*") && !has_word(">");
}

std::string api_prefix(const NatsConfig& nats) {
  if (!nats.domain.empty() && !nats.api_prefix.empty()) {
    throw ConfigError{
        "nats.domain and nats.api_prefix are both set, and each names where JetStream's API is: "
        "remove one"};
  }
  if (!nats.domain.empty()) {
    check_jetstream_name(nats.domain, "nats.domain");
    return fmt::format("$JS.{}.API.", nats.domain);
  }
  if (nats.api_prefix.empty()) return std::string{server_api};
  return checked_prefix(nats.api_prefix, "nats.api_prefix") + '.';
}

std::string inbox_prefix(const NatsConfig& nats) {
  return checked_prefix(nats.inbox_prefix, "nats.inbox_prefix");
}

void check_jetstream_name(std::string_view name, std::string_view setting) {
  // What the server refuses, and what would change the meaning of an API subject.
  const bool good =
      !name.empty() && name.size() <= 255 &&
      name.find_first_of(std::string_view{" \t\r\n\f\0.*>/\\", 11}) == std::string_view::npos;
  if (!good) {
    throw ConfigError{fmt::format(
        "{}: `{}` cannot be a name in JetStream: no blanks, dots, `*`, `>`, `/` or `\\`", setting,
        name)};
  }
}

void check_subject(std::string_view subject, std::string_view setting) {
  if (!is_subject(subject)) {
    throw ConfigError{
        fmt::format("{}: `{}` is no subject: words with a dot between each two, and no blanks",
                    setting, subject)};
  }
}

void check_filter_subject(std::string_view subject, std::string_view setting) {
  if (subject.empty()) return;
  check_subject(subject, setting);
  if (subject.starts_with(">.") || subject.find(".>.") != std::string_view::npos) {
    throw ConfigError{
        fmt::format("{}: `{}` is no subject: `>` stands at the end only", setting, subject)};
  }
}

void check_source_names(const SourceOptions& source, std::string_view prefix) {
  check_jetstream_name(source.stream, fmt::format("{}stream", prefix));
  check_jetstream_name(source.durable, fmt::format("{}durable", prefix));
  check_filter_subject(source.filter_subject, fmt::format("{}filter_subject", prefix));
}

}  // namespace hangar
