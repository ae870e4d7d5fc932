#include "http/http_head.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace hangar {
namespace {

using FramingKind = HttpFraming::Kind;

constexpr std::size_t most_digits = 15;          // Of a chunk: what does not overflow.
constexpr std::size_t most_chunk_text = 16'384;  // Of a body, beside its bytes.
constexpr std::string_view head_blanks = " \t";

bool is_token_byte(char byte) {
  if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
      (byte >= 'A' && byte <= 'Z')) {
    return true;
  }
  return byte != '\0' && std::string_view{"!#$%&'*+-.^_`|~"}.find(byte) != std::string_view::npos;
}
bool is_text_byte(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return byte == '\t' || (value >= ' ' && value != 0x7F);
}
bool is_visible_byte(char byte) { return is_text_byte(byte) && byte != ' ' && byte != '\t'; }

char lower_byte(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool same_name(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower_byte, lower_byte);
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(head_blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(head_blanks) - first + 1);
}

bool has_word(std::string_view values, std::string_view wanted) {
  while (!values.empty()) {
    const std::string_view one = values.substr(0, values.find(','));
    values.remove_prefix(std::min(values.size(), one.size() + 1));
    if (same_name(without_blanks(one), wanted)) return true;
  }
  return false;
}

template <class Number>
bool read_decimal(std::string_view digits, Number& number) {
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number);
  return !digits.empty() && read.ec == std::errc{} && read.ptr == end;
}

/// Reads the lines of a head, the first of which is read by another.
class HeadLines {
 public:
  explicit HeadLines(std::string_view bytes) : bytes_{bytes} {}

  /// The next line, without its end. Whether it has come whole.
  bool next(std::string_view& line) {
    const auto feed = bytes_.find('\n', at_);
    if (feed == bytes_.npos) return false;
    line = bytes_.substr(at_, feed - at_);
    at_ = feed + 1;
    if (!line.ends_with('\r')) {
      problem_ = "a line ends without a carriage return";
      return false;
    }
    line.remove_suffix(1);
    return true;
  }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::string_view problem() const { return problem_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string_view problem_;
};

/// What the header lines say of the body and of the connection.
class HeadFields {
 public:
  /// What is wrong with the line; empty when nothing is.
  std::string_view take(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') return "a header line is folded";
    const auto colon = line.find(':');
    if (colon == line.npos) return "a header line has no colon";
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = without_blanks(line.substr(colon + 1));
    if (name.empty() || !std::ranges::all_of(name, is_token_byte)) {
      return "the name of a header has a character that no name has";
    }
    if (!std::ranges::all_of(value, is_text_byte)) return "a header has a control character";
    if (same_name(name, "content-length")) return take_length(value);
    if (same_name(name, "transfer-encoding")) return take_encoding(value);
    if (same_name(name, "host") && std::exchange(host_, true)) return "there are two Host headers";
    if (same_name(name, "upgrade")) upgrade_ = true;
    if (same_name(name, "connection")) {
      closes_ = closes_ || has_word(value, "close");
      keeps_ = keeps_ || has_word(value, "keep-alive");
      upgrades_ = upgrades_ || has_word(value, "upgrade");
    }
    return {};
  }

  /// What is wrong with all of them together.
  [[nodiscard]] std::string_view conclude(HttpHead& head, bool newest) const {
    if (length_ && chunked_) return "there is both Content-Length and Transfer-Encoding";
    if (chunked_ && !newest) return "HTTP/1.0 has no Transfer-Encoding";
    if (length_) head.framing = {FramingKind::length, bytes_};
    if (chunked_) head.framing = {FramingKind::chunked, 0};
    head.keep_alive = !closes_ && (newest || keeps_);
    head.upgrade = upgrade_ && upgrades_;
    return {};
  }

 private:
  std::string_view take_length(std::string_view value) {
    if (std::exchange(length_, true)) return "there are two Content-Length headers";
    return read_decimal(value, bytes_) ? "" : "Content-Length is no number";
  }
  std::string_view take_encoding(std::string_view value) {
    if (std::exchange(chunked_, true)) return "there are two Transfer-Encoding headers";
    return same_name(value, "chunked") ? "" : "Transfer-Encoding is not chunked";
  }

  std::uint64_t bytes_ = 0;
  bool length_ = false;
  bool chunked_ = false;
  bool host_ = false;
  bool upgrade_ = false;
  bool upgrades_ = false;
  bool closes_ = false;
  bool keeps_ = false;
};

bool is_version(std::string_view text) { return text == "HTTP/1.1" || text == "HTTP/1.0"; }

std::string_view read_request_line(std::string_view line, HttpHead& head, bool& newest) {
  head.method = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), head.method.size() + 1));
  head.target = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), head.target.size() + 1));
  newest = line == "HTTP/1.1";
  if (!is_version(line)) return "it is not of HTTP/1.1";
  if (head.method.empty() || !std::ranges::all_of(head.method, is_token_byte))
    return "it has no method";
  if (head.target.empty() || !std::ranges::all_of(head.target, is_visible_byte)) {
    return "it has no target";
  }
  if (head.method == "CONNECT") return "there is no CONNECT";
  return {};
}

std::string_view read_status_line(std::string_view line, HttpHead& head, bool& newest) {
  const std::string_view version = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), version.size() + 1));
  newest = version == "HTTP/1.1";
  const bool whole = is_version(version) && read_decimal(line.substr(0, 3), head.status) &&
                     head.status >= 100 && (line.size() == 3 || line[3] == ' ');
  return whole ? "" : "it has no status";
}

template <class FirstLine>
HttpHead read_head(std::string_view bytes, FirstLine first_line) {
  HttpHead head;
  HeadLines lines{bytes};
  HeadFields fields;
  std::string_view line;
  bool newest = false;
  bool first = true;
  while (head.problem.empty() && lines.next(line)) {
    if (first) {
      head.problem = first_line(line, head, newest);
    } else if (line.empty()) {
      head.problem = fields.conclude(head, newest);
      head.size = lines.at();
      return head;
    } else {
      head.problem = fields.take(line);
    }
    first = false;
  }
  if (head.problem.empty()) head.problem = lines.problem();
  return head;
}

}  // namespace

HttpHead read_request_head(std::string_view bytes) {
  HttpHead head = read_head(bytes, read_request_line);
  // Who speaks no HTTP may never send a line.
  const std::string_view method = bytes.substr(0, bytes.find(' '));
  if (head.problem.empty() &&
      !std::ranges::all_of(method.substr(0, method.find('\r')), is_token_byte)) {
    head.problem = "it has no method";
  }
  return head;
}

HttpHead read_answer_head(std::string_view bytes, bool to_head) {
  HttpHead head = read_head(bytes, read_status_line);
  if (head.size == 0 || !head.problem.empty()) return head;
  if (to_head || head.status < 200 || head.status == 204 || head.status == 304) {
    head.framing = {};
  } else if (head.framing.kind == FramingKind::none) {
    head.framing.kind = FramingKind::until_close;
    head.keep_alive = false;
  }
  return head;
}

std::string forwarded_head(std::string_view head, std::string_view client) {
  constexpr std::string_view prefix = "x-forwarded-";
  constexpr std::string_view line_end = "\r\n";
  std::string made;
  std::string_view host;
  HeadLines lines{head};
  std::string_view line;
  while (lines.next(line) && !line.empty()) {
    const std::string_view name = line.substr(0, line.find(':'));
    if (same_name(name, "forwarded") || same_name(name.substr(0, prefix.size()), prefix)) continue;
    if (same_name(name, "host")) host = without_blanks(line.substr(name.size() + 1));
    made.append(line).append(line_end);
  }
  made.append("X-Forwarded-For: ").append(client).append(line_end);
  made.append("X-Forwarded-Proto: https\r\n");
  if (!host.empty()) made.append("X-Forwarded-Host: ").append(host).append(line_end);
  return made.append(line_end);
}

HttpBodyEnd::HttpBodyEnd(const HttpFraming& framing) noexcept
    : state_{State::end}, left_{framing.length} {
  if (framing.kind == FramingKind::until_close) state_ = State::until_close;
  if (framing.kind == FramingKind::length && left_ > 0) state_ = State::length;
  if (framing.kind == FramingKind::chunked) state_ = State::size;
}

std::size_t HttpBodyEnd::take(std::string_view bytes) {
  if (state_ == State::until_close) return bytes.size();
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::end && state_ != State::wrong) {
    if (state_ != State::length && state_ != State::data) {
      state_ = next(bytes[at++]);
      continue;
    }
    const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
    at += some;
    left_ -= some;
    if (left_ == 0) state_ = state_ == State::data ? State::data_return : State::end;
  }
  return at;
}

HttpBodyEnd::State HttpBodyEnd::text(char byte, State same, State behind) {
  if (byte == '\r') return behind;
  return is_text_byte(byte) && ++text_bytes_ <= most_chunk_text ? same : State::wrong;
}

HttpBodyEnd::State HttpBodyEnd::next_of_size(char byte) {
  unsigned digit = 0;
  const auto read = std::from_chars(&byte, &byte + 1, digit, 16);
  if (read.ptr != &byte) {
    left_ = left_ * 16 + digit;
    return ++digits_ <= most_digits ? State::size : State::wrong;
  }
  if (digits_ == 0) return State::wrong;
  if (byte == ';') return State::extension;
  return byte == '\r' ? State::size_line_feed : State::wrong;
}

HttpBodyEnd::State HttpBodyEnd::next(char byte) {
  const auto line_feed = [&](State behind) { return byte == '\n' ? behind : State::wrong; };
  switch (state_) {
    case State::size:
      return next_of_size(byte);
    case State::extension:
      return text(byte, State::extension, State::size_line_feed);
    case State::size_line_feed:
      digits_ = 0;
      return line_feed(left_ > 0 ? State::data : State::trailer);
    case State::data_return:
      return byte == '\r' ? State::data_line_feed : State::wrong;
    case State::data_line_feed:
      return line_feed(State::size);
    case State::trailer:
      return text(byte, State::trailer_text, State::last_line_feed);
    case State::trailer_text:
      return text(byte, State::trailer_text, State::trailer_line_feed);
    case State::trailer_line_feed:
      return line_feed(State::trailer);
    case State::last_line_feed:
      return line_feed(State::end);
    default:
      return state_;
  }
}

}  // namespace hangar
