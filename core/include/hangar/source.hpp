#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hangar/needs.hpp"
#include "hangar/version.hpp"

namespace hangar {

/// Why a message cannot be recorded; becomes the headers of its dead letter.
struct Rejection {
  // Not an aggregate: g++ 12 miscompiles aggregate temporaries in a co_await's arguments, where a
  // service author writes `co_await source->reject(std::move(message), {"reason", "error"})`.
  Rejection() = default;
  Rejection(std::string because, std::string sentence, std::string place = {},
            std::string state = {})
      : reason{std::move(because)},
        error{std::move(sentence)},
        pointer{std::move(place)},
        sqlstate{std::move(state)} {}

  std::string reason;  ///< A word from a closed set, for example `unknown_state_type`.
  std::string error;   ///< One sentence for a person.
  std::string pointer;
  std::string sqlstate;
};

/// One delivery from the stream. It owns the promise to answer for it: destroyed without an answer,
/// it goes back to the stream and is delivered again. Move-only, for the service's executor; the
/// views live as long as the message. Within `Context::transact`, on a thread of the storage, its
/// data may be read; there `drop_data`, `ack` and `nak` throw std::logic_error, for nothing is
/// durable yet, and one that is destroyed there goes back to the stream after the transaction.
class HANGAR_API Message {
 public:
  /// What the source keeps for each message. Implemented by sources.
  class HANGAR_API Delivery {
   public:
    Delivery() = default;
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;
    virtual ~Delivery();
    virtual void ack() noexcept = 0;
    /// Gives the message back, to be delivered again not before `delay`.
    virtual void nak(std::chrono::milliseconds delay) noexcept = 0;
    /// Frees data, subject and headers; from now on the message counts as `kept` bytes.
    virtual void drop_data(std::size_t kept) noexcept = 0;
    /// The value of a header, if present.
    [[nodiscard]] virtual std::optional<std::string_view> header(const char* name) const = 0;
  };

  struct Content {
    std::string_view data;
    std::string_view subject;
    std::uint64_t sequence = 0;  ///< Position in the stream.
    std::uint64_t deliveries = 1;
    std::chrono::sys_time<std::chrono::nanoseconds> stored{};  ///< When the stream took it.
  };
  Message() = default;
  Message(const Content& content, std::unique_ptr<Delivery> delivery)
      : content_{content}, delivery_{std::move(delivery)} {}
  Message(Message&& other) noexcept
      : content_{std::exchange(other.content_, {})}, delivery_{std::move(other.delivery_)} {}
  Message& operator=(Message&& other) noexcept;
  ~Message();

  [[nodiscard]] std::string_view data() const noexcept { return content_.data; }
  [[nodiscard]] std::string_view subject() const noexcept { return content_.subject; }
  [[nodiscard]] std::uint64_t sequence() const noexcept { return content_.sequence; }
  [[nodiscard]] std::uint64_t deliveries() const noexcept { return content_.deliveries; }
  [[nodiscard]] auto stored() const noexcept { return content_.stored; }
  [[nodiscard]] std::optional<std::string_view> header(const char* name) const {
    return delivery_ ? delivery_->header(name) : std::nullopt;
  }

  /// What its source keeps for it; null when it has its answer or was moved away.
  [[nodiscard]] Delivery* delivery() const noexcept { return delivery_.get(); }

  /// Frees data, subject and headers, for a service that has read all of it and waits: `kept` is
  /// how many bytes it keeps of it itself, which count against the source's credit in place of the
  /// message's own. The message can no longer be rejected; given back, it comes again whole.
  void drop_data(std::size_t kept);

  /// Call only when everything this message asks for is durable. Answers at most once.
  void ack();
  void nak(std::chrono::milliseconds delay = {});

 private:
  void give_back() noexcept;

  Content content_;
  std::unique_ptr<Delivery> delivery_;
};

/// Messages in stream order. Dropped without `ack()`, it goes back to the stream.
class HANGAR_API Batch : public std::vector<Message> {
 public:
  using std::vector<Message>::vector;
  /// Acknowledges every message; the last statement of a service's loop.
  void ack();
};

/// Pulls from a durable consumer of a stream and keeps a credit of messages and bytes ahead, so
/// that decoding overlaps committing. Used on the service's executor.
class HANGAR_API Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source();

  /// Waits for one message, then for up to `limit` of them until `linger` has passed since the
  /// batch before, or since the source was opened: so there are few small batches, and a message
  /// that comes alone does not wait. An empty batch means that the host is stopping (or, under
  /// --until-drained, that the stream is drained). Throws std::logic_error for a limit of 0, whose
  /// batches would look like that. Give the batch a name: g++ 12 miscompiles a co_await whose
  /// result is used in the condition of a loop, `while (!(co_await …).empty())`.
  virtual boost::asio::awaitable<Batch> next(std::size_t limit,
                                             std::chrono::milliseconds linger) = 0;

  /// Takes the message over: it is stored with the reason in the dead-letter stream, tried again
  /// for as long as that takes, and only then acked. Returns at once, or when fewer wait for that.
  /// Throws std::logic_error for a message that is not whole and unanswered, or of another source.
  virtual boost::asio::awaitable<void> reject(Message message, Rejection why) = 0;

  /// Until when a person decided, by `hangar dlq force`, that what is refused is a dead letter
  /// without more proof: messages that the stream took before. Nothing where nobody did, or where
  /// that cannot be told now.
  virtual boost::asio::awaitable<std::optional<std::chrono::sys_time<std::chrono::nanoseconds>>>
  forced();
};

}  // namespace hangar
