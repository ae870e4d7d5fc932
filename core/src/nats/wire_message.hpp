#pragma once

#include <nats/nats.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hangar {

struct WireMessageDeleter {
  void operator()(natsMsg* message) const noexcept { natsMsg_Destroy(message); }
};

/// A message as cnats holds it.
using WireMessage = std::unique_ptr<natsMsg, WireMessageDeleter>;

/// Messages that nobody needs any more. cnats frees them on a thread of its own, which it wakes for
/// each that comes when it is idle: that costs more than the message. So they go there together.
class SpentMessages {
 public:
  SpentMessages() { messages_.reserve(most); }
  void add(WireMessage message) noexcept;

 private:
  static constexpr std::size_t most = 64;
  static constexpr std::size_t most_bytes = 256U << 10U;

  std::vector<WireMessage> messages_;
  std::size_t bytes_ = 0;
};

/// Names and values in order; a name may come several times.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// Throws std::bad_alloc when there is no memory, std::invalid_argument for an empty subject.
WireMessage make_message(const std::string& subject, const std::string& reply,
                         std::string_view body, const Headers& headers = {});

std::string_view body_of(const natsMsg& message) noexcept;
std::string_view subject_of(const natsMsg& message) noexcept;
/// Empty when the message has none.
std::string_view reply_of(const natsMsg& message) noexcept;
/// The first value of a header. Parses the headers at the first call, so it is not thread-safe; the
/// view lives as long as the message.
std::optional<std::string_view> header_of(natsMsg& message, const char* name) noexcept;
Headers headers_of(natsMsg& message);
/// Reads a block of headers as it is on the wire and in an answer of `STREAM.MSG.GET`.
Headers parse_headers(std::string_view block);
/// Whether NATS can carry this header.
bool is_header(std::string_view name, std::string_view value) noexcept;
/// The bytes that the headers of a message take on the wire; they count against `max_payload`.
std::size_t wire_size(const Headers& headers) noexcept;

}  // namespace hangar
