#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dead_letters/dead_letter.hpp"
#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// The dead-letter stream as commands see it, over a connection of its own. Every member throws
/// TransientError when the server cannot be reached or does not answer; what was done stays done.
class DeadLetters {
 public:
  using Work = std::function<boost::asio::awaitable<void>(DeadLetters&)>;

  /// Connects, runs `work` on this thread and disconnects. Blocks. Throws ConfigError, and
  /// TransientError when the server cannot be reached within `patience`.
  static void run(const NatsConfig& nats, Log& log, const Work& work,
                  std::chrono::milliseconds patience = std::chrono::seconds{10});

  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  /// Hands over each selected letter that is in the stream at the start, oldest first and without
  /// the event; none when there is no such stream. Holds 256 of them at a time.
  boost::asio::awaitable<void> each(DeadLetterFilter filter, std::function<void(DeadLetter)> take);

  /// The letter with the event; nothing when it is not there (any more). What an incomplete letter
  /// lacks is taken from the event's own stream; where that has it no more it stays incomplete.
  boost::asio::awaitable<std::optional<StoredLetter>> read(std::uint64_t sequence);

  /// Puts the event back on its subject, with its own headers, and deletes the letter when the
  /// stream has confirmed the event. Ended in between, the next replay of the letter stores nothing
  /// twice within the stream's duplicate window, and after that what changes nothing when it is
  /// recorded. Throws Error, which says what to do, when the event cannot be published; the letter
  /// stays.
  boost::asio::awaitable<void> replay(StoredLetter letter);

  /// Leaves the mark of force_mark.hpp, of now.
  boost::asio::awaitable<void> force(std::string service);

  /// Deletes the letter; one that is not there is no error.
  boost::asio::awaitable<void> remove(std::uint64_t sequence);

 private:
  struct Pulled {
    std::vector<DeadLetter> letters;
    std::uint64_t last = 0;  ///< Position of the last one that came.
    bool ended = false;      ///< The server has no more for this pull.
    std::string denied;      ///< Why the server does not let this user pull; empty when it does.
  };

  explicit DeadLetters(std::chrono::milliseconds patience) : patience_{patience} {}
  struct Lease;

  void pulled(std::vector<WireMessage>& messages);
  void denied(const std::string& subject, const std::string& why);
  /// Position of the last letter; 0 when there was never one.
  boost::asio::awaitable<std::uint64_t> look();
  boost::asio::awaitable<void> pull(std::string consumer, std::uint64_t number);
  boost::asio::awaitable<std::optional<std::pair<Headers, std::string>>> message(
      std::string stream, std::uint64_t sequence);
  boost::asio::awaitable<void> complete(StoredLetter& letter);
  boost::asio::awaitable<void> publish(const StoredLetter& letter);

  std::chrono::milliseconds patience_;
  std::shared_ptr<Link> link_;
  std::unique_ptr<Condition> changed_;
  Pulled came_;
  std::string pulling_;  ///< The subject that was pulled on last.
  std::string created_;  ///< When the stream was; from `look` on.
};

}  // namespace hangar
