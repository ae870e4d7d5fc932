#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "hangar/callable.hpp"
#include "hangar/version.hpp"

namespace hangar {

/// A message to publish.
class OutgoingMessage {
 public:
  /// `id` becomes `Nats-Msg-Id`: within the stream's duplicate window (two minutes unless the
  /// stream says otherwise; five of a stream that the host made) a second message of that id is not
  /// stored. Without one a message that is sent again may be stored twice.
  OutgoingMessage(std::string to, std::string data, std::string id = {})
      : subject_{std::move(to)}, body_{std::move(data)} {
    if (!id.empty()) headers_.emplace_back("Nats-Msg-Id", std::move(id));
  }
  OutgoingMessage& header(std::string name, std::string value) {
    headers_.emplace_back(std::move(name), std::move(value));
    return *this;
  }

  [[nodiscard]] const std::string& subject() const noexcept { return subject_; }
  [[nodiscard]] const std::string& body() const noexcept { return body_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& headers() const noexcept {
    return headers_;
  }

 private:
  std::string subject_;
  std::string body_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

/// What JetStream answers when a message is stored.
struct PubAck {
  std::string stream;
  std::uint64_t sequence = 0;  ///< Its position there, or that of the first of its id.
  bool duplicate = false;      ///< One of its id was there already.
};

/// Publishes to the streams that a service declares in `Needs::publishes`. Of all its messages up
/// to 1,000 and 8 MiB, headers too, have no answer yet; whoever wants to send more waits. Messages
/// are sent in the order of the calls, but one that is sent again comes later. Used on the
/// service's executor.
class HANGAR_API Publisher {
 public:
  /// With null, or with what `publish` would throw; the message is gone when it returns.
  using Answered = Callable<void(std::exception_ptr, const OutgoingMessage&)>;

  Publisher() = default;
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  virtual ~Publisher();

  /// Returns when the stream has stored the message; it is sent again until then. Throws DataError
  /// when the server refuses this message for good (it is too large, say), TransientError when the
  /// service is to stop and the message is not stored yet: it may still be; and std::logic_error
  /// for a subject that the service's needs do not name, or that one cannot publish on.
  virtual boost::asio::awaitable<PubAck> publish(OutgoingMessage message) = 0;
  /// Waits only for room. What `publish` would throw later is thrown by `flush`, or logged where
  /// the service ends without one.
  virtual boost::asio::awaitable<void> enqueue(OutgoingMessage message) = 0;
  /// The same, but `answered` is called when the stream has stored the message.
  virtual boost::asio::awaitable<void> enqueue(OutgoingMessage message, Answered answered) = 0;
  /// Returns when everything that was enqueued is stored. Throws the first error of them, once.
  virtual boost::asio::awaitable<void> flush() = 0;
};

}  // namespace hangar
