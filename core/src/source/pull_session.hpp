#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/waiters.hpp"
#include "dead_letters/force_mark.hpp"
#include "hangar/log.hpp"
#include "hangar/source.hpp"
#include "jetstream/stream_setup.hpp"
#include "log/rate_limit.hpp"
#include "nats/link.hpp"
#include "source/held_messages.hpp"
#include "source/pull_source.hpp"
#include "source/puller.hpp"
#include "source/replay_range.hpp"
#include "source/source_counters.hpp"

namespace hangar {

/// What a PullSource and its coroutines share: it connects the link, the puller that decides, and
/// the messages that have no answer yet. For one strand.
class PullSession : public std::enable_shared_from_this<PullSession> {
 public:
  static std::shared_ptr<PullSession> start(const boost::asio::any_io_executor& executor,
                                            const NatsConfig& nats, PullOptions options, Log& log);
  PullSession(const PullSession&) = delete;
  PullSession& operator=(const PullSession&) = delete;

  boost::asio::awaitable<void> open();
  boost::asio::awaitable<Batch> next(std::size_t limit, std::chrono::milliseconds linger);
  boost::asio::awaitable<void> reject(Message message, Rejection why);
  boost::asio::awaitable<std::optional<ForceMark>> forced();
  void pause(bool paused);
  void stop();
  boost::asio::awaitable<void> close();
  [[nodiscard]] std::shared_ptr<const SourceCounters> counters() const { return counters_; }

 private:
  using Clock = std::chrono::steady_clock;

  PullSession(boost::asio::any_io_executor executor, const NatsConfig& nats, PullOptions options,
              Log& log);

  // The link.
  void came_up();
  void went_down(const std::vector<Outgoing>& unsent);
  void pulls_ended();
  void pulled(std::vector<WireMessage>& messages);
  void message_came(WireMessage message, std::string_view reply, Clock::time_point now);
  /// Returns whether it tells that the consumer lives.
  bool status_came(natsMsg& message, Clock::time_point now);

  // Stream and consumer.
  void begin_verification();
  boost::asio::awaitable<void> verify();
  boost::asio::awaitable<void> look();
  boost::asio::awaitable<void> look(WhenAbsent when_absent);
  boost::asio::awaitable<StreamFacts> look_at_letter_stream(WhenAbsent when_absent);
  void refuse_what_cannot_be_read(const StreamFacts& stream);
  void judge(const StreamFacts& stream, const ConsumerFacts& consumer, const StreamFacts& letters);
  boost::asio::awaitable<void> aim_at_settled(StreamFacts stream);
  boost::asio::awaitable<void> tell_what_is_gone(StreamFacts stream);
  boost::asio::awaitable<void> delete_own_consumer();
  boost::asio::awaitable<void> watch();
  boost::asio::awaitable<void> observe();
  void tell(const std::vector<Finding>& findings);
  void abandon();

  // Pulls and answers.
  void pump();
  void send_pull(const Puller::Pull& pull);
  void unbind() noexcept;
  void send_answers();
  void flush(AckOutbox::Flush when);
  void flush();
  void look_after_held();
  void signal_progress(Clock::time_point now);
  void give_back_all();

  // What next() waits for.
  [[nodiscard]] bool over() const noexcept { return stopping_ || drained_; }
  [[nodiscard]] bool idle() const noexcept;
  [[nodiscard]] bool full(std::size_t limit) const noexcept;
  boost::asio::awaitable<void> wait_for_first();
  boost::asio::awaitable<void> look_whether_drained();

  // Dead letters.
  boost::asio::awaitable<void> store_until_stored(Message message, Rejection why);
  /// What the server said of a letter.
  struct LetterReceipt {
    bool stored = false;
    std::string problem;     ///< Why it is not.
    std::uint64_t gone = 0;  ///< Without a problem: where an equal one was that was deleted.
  };
  boost::asio::awaitable<LetterReceipt> receipt_of(const Link::Reply& reply);
  boost::asio::awaitable<bool> store_dead_letter(const HeldMessage& held, Rejection why);
  boost::asio::awaitable<void> look_at_dead_letters();
  void tell_of_letter(const HeldMessage& held, const Rejection& why);
  void tell_whether_stuck();

  boost::asio::any_io_executor executor_;
  PullOptions options_;
  Log& log_;
  std::int64_t replicas_;
  StreamSpec letter_spec_;
  std::chrono::nanoseconds max_age_;
  std::chrono::milliseconds hold_max_;
  std::uint64_t batch_bytes_;
  std::shared_ptr<SourceCounters> counters_ = std::make_shared<SourceCounters>();
  std::shared_ptr<Link> link_;
  std::shared_ptr<HeldMessages> held_;
  Puller puller_;

  /// Whether stream and consumer were found as they should be over the present connection.
  bool verified_ = false;
  bool verifying_ = false;
  bool opened_ = false;
  std::exception_ptr failure_;
  std::optional<Clock::time_point> absent_since_;
  Incarnation incarnation_;
  std::optional<Sighting> seen_;  ///< Of the present incarnation.
  bool denied_since_look_ = false;
  std::vector<Finding> told_;
  std::chrono::nanoseconds signal_after_{};

  std::optional<Clock::time_point> paused_since_;
  bool stopping_ = false;
  bool closed_ = false;
  bool drained_ = false;
  ReplayRange range_;
  std::string settled_by_;  ///< The consumer that records what a look reads.
  bool looking_ = false;

  /// Rejected messages whose dead letters are not stored yet.
  std::size_t letters_ = 0;
  std::uint64_t letter_bytes_ = 0;
  std::size_t most_letters_;
  std::size_t waiting_for_letters_ = 0;  ///< Calls of reject() that wait until there are fewer.
  bool letters_fail_ = false;            ///< The last attempt to store one failed.
  bool letters_nearly_full_ = false;
  std::string letters_refused_;  ///< Why there is no stream for them; empty when there is one.
  RateLimit seldom_{std::chrono::seconds{30}};

  Waiters arrivals_;  ///< What next() waits for changed.
  Waiters changes_;   ///< The link or the verification changed.
  Waiters letter_ended_;
  boost::asio::steady_timer pump_timer_;
  boost::asio::steady_timer signal_timer_;
};

}  // namespace hangar
