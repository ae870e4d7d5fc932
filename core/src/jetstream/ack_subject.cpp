#include "jetstream/ack_subject.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace hangar {
namespace {

constexpr std::size_t short_form = 9;
constexpr std::size_t long_form = 11;  // one more token, if any, is random and means nothing

template <class Number>
bool read_number(std::string_view token, Number& number) noexcept {
  const char* end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, number);
  return error == std::errc{} && stop == end;
}

}  // namespace

std::optional<AckSubject> parse_ack_subject(std::string_view subject) noexcept {
  if (!subject.starts_with("$JS.ACK.")) return std::nullopt;
  std::array<std::string_view, long_form + 1> tokens;
  std::size_t count = 0;
  while (count < tokens.size()) {
    const std::size_t dot = subject.find('.');
    tokens[count++] = subject.substr(0, dot);
    if (dot == std::string_view::npos) break;
    subject.remove_prefix(dot + 1);
  }
  std::size_t at = 0;
  if (count == short_form) {
    at = 2;
  } else if (count >= long_form) {
    at = 4;
  } else {
    return std::nullopt;
  }
  AckSubject ack{.stream = tokens[at], .consumer = tokens[at + 1]};
  std::int64_t nanoseconds = 0;
  if (!read_number(tokens[at + 2], ack.deliveries) ||
      !read_number(tokens[at + 3], ack.stream_sequence) ||
      !read_number(tokens[at + 4], ack.consumer_sequence) ||
      !read_number(tokens[at + 5], nanoseconds) || !read_number(tokens[at + 6], ack.pending)) {
    return std::nullopt;
  }
  ack.stored =
      std::chrono::sys_time<std::chrono::nanoseconds>{std::chrono::nanoseconds{nanoseconds}};
  return ack;
}

}  // namespace hangar
