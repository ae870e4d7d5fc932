#pragma once

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {

/// How the messages of a WebSocket are compressed (RFC 7692).
struct DeflateTerms {
  int client_window_bits = 15;
  int server_window_bits = 15;
  bool client_keeps_context = true;  ///< A message goes on where the one before has ended.
  bool server_keeps_context = true;
  int memory_level = 5;
};

/// What the header `Sec-WebSocket-Extensions` of an answer tells; nothing when messages are not
/// compressed.
std::optional<DeflateTerms> deflate_terms(std::string_view extensions);

/// Inflates the messages of one client. Its memory is allocated for the first.
class MessageInflater {
 public:
  explicit MessageInflater(const DeflateTerms& terms) : terms_{terms} {}

  /// What became of bytes.
  enum class Became : std::uint8_t { broken, whole, part };

  /// Appends what the bytes are to `out`, until that has more than `most`: then it was a part, and
  /// those that are left in `bytes` have to come again.
  Became inflate(std::string_view& bytes, std::string& out, std::size_t most);
  /// The same of the end of a message; whether it is one.
  bool end_message(std::string& out, std::size_t most);

 private:
  DeflateTerms terms_;
  std::unique_ptr<boost::beast::zlib::inflate_stream> stream_;
};

/// Deflates messages to one client. Its memory is allocated for the first.
class MessageDeflater {
 public:
  explicit MessageDeflater(const DeflateTerms& terms) : terms_{terms} {}

  [[nodiscard]] std::string deflate(std::string_view message);

 private:
  DeflateTerms terms_;
  std::unique_ptr<boost::beast::zlib::deflate_stream> stream_;
};

}  // namespace hangar
