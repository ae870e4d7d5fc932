#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hangar {

/// How a body ends.
struct HttpFraming {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };

  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

/// The first lines of a request or an answer. The texts lie in what was read.
struct HttpHead {
  std::size_t size = 0;  ///< With the empty line; 0 as long as that has not come.
  /// What is wrong with it; empty when nothing is.
  std::string_view problem{};
  std::string_view method{};
  std::string_view target{};
  unsigned status = 0;  ///< Of an answer.
  HttpFraming framing{};
  bool keep_alive = false;
  bool upgrade = false;  ///< The connection is to become something else.

  [[nodiscard]] std::string_view path() const { return target.substr(0, target.find('?')); }
};

/// Reads the head of a request. What two readers could take for two different things is a problem:
/// RFC 9112 lets a server guess, and whoever stands before or behind it may guess otherwise.
HttpHead read_request_head(std::string_view bytes);

/// The same of an answer, to a request with the method HEAD or another.
HttpHead read_answer_head(std::string_view bytes, bool to_head);

/// The head of a request from a client of this address, which came by TLS, as a server behind is to
/// see it: what it says of the way that it came is of this host alone.
std::string forwarded_head(std::string_view head, std::string_view client);

/// Finds the end of a body, whose bytes come in pieces.
class HttpBodyEnd {
 public:
  explicit HttpBodyEnd(const HttpFraming& framing) noexcept;

  /// How many of these bytes are of the body; all of them, unless it ends or is wrong.
  std::size_t take(std::string_view bytes);
  [[nodiscard]] bool reached() const noexcept { return state_ == State::end; }
  /// The chunks are not as they have to be.
  [[nodiscard]] bool wrong() const noexcept { return state_ == State::wrong; }

 private:
  enum class State : std::uint8_t {
    until_close,
    length,
    size,
    extension,
    size_line_feed,
    data,
    data_return,
    data_line_feed,
    trailer,
    trailer_text,
    trailer_line_feed,
    last_line_feed,
    end,
    wrong
  };

  [[nodiscard]] State next(char byte);
  [[nodiscard]] State next_of_size(char byte);
  [[nodiscard]] State text(char byte, State same, State behind);

  State state_;
  std::uint64_t left_ = 0;      ///< Of the body, or of a chunk.
  std::size_t digits_ = 0;      ///< Of the size of a chunk.
  std::size_t text_bytes_ = 0;  ///< Of extensions and trailers together.
};

}  // namespace hangar
