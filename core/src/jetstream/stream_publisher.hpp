#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "api/service_publisher.hpp"
#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "hangar/needs.hpp"
#include "jetstream/link_state.hpp"
#include "log/rate_limit.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// The publisher of one service, over a connection of its own. For one strand; its coroutines keep
/// it alive.
class StreamPublisher : public ServicePublisher,
                        public std::enable_shared_from_this<StreamPublisher> {
 public:
  static constexpr std::size_t most_messages = 1000;
  static constexpr std::size_t most_bytes = 8U << 20U;

  /// Begins to connect. `log` outlives it.
  static std::shared_ptr<StreamPublisher> start(const boost::asio::any_io_executor& executor,
                                                const NatsConfig& nats, const std::string& service,
                                                std::vector<Publishes> targets, Log& log);

  boost::asio::awaitable<void> open() override;
  void stop() override;
  /// Within about 10 s.
  boost::asio::awaitable<void> close() override;

  boost::asio::awaitable<PubAck> publish(OutgoingMessage message) override;
  boost::asio::awaitable<void> enqueue(OutgoingMessage message) override;
  boost::asio::awaitable<void> enqueue(OutgoingMessage message, Answered answered) override;
  boost::asio::awaitable<void> flush() override;

  /// For any thread; lives as long as the holder wants.
  [[nodiscard]] std::shared_ptr<const LinkState> state() const { return state_; }

 private:
  struct Attempt;
  struct Enqueued;
  class Room;
  class Failing;

  StreamPublisher(boost::asio::any_io_executor executor, const NatsConfig& nats,
                  std::vector<Publishes> targets, Log& log);

  boost::asio::awaitable<void> ensure(const Publishes& wanted);
  /// Throws std::logic_error for a subject that no target has, or that is a pattern.
  void check_target(const std::string& subject) const;
  boost::asio::awaitable<void> make_room(std::size_t bytes);
  void give_back(std::size_t bytes);
  /// Throws what the server would not take.
  void check_message(const OutgoingMessage& message) const;
  boost::asio::awaitable<Attempt> attempt(const OutgoingMessage& message);
  [[nodiscard]] Attempt attempt_of(const Link::Reply& reply, const std::string& subject) const;
  /// Sends it again where `first` has failed, until a stream has it.
  boost::asio::awaitable<PubAck> stored(const OutgoingMessage& message, const Attempt& first);
  void answered(const std::shared_ptr<Enqueued>& sent, const Link::Reply& reply);
  boost::asio::awaitable<void> send_again(std::shared_ptr<Enqueued> sent);

  boost::asio::any_io_executor executor_;
  NatsConfig nats_;
  std::vector<Publishes> targets_;
  Log& log_;
  std::shared_ptr<LinkState> state_ = std::make_shared<LinkState>();
  std::shared_ptr<Link> link_;
  Condition connection_;  ///< Came or went, or nothing is to be sent again.
  Condition room_;        ///< A message has its answer.
  RateLimit seldom_{std::chrono::seconds{10}};
  std::size_t messages_ = 0;  ///< Without an answer.
  std::size_t bytes_ = 0;     ///< Of these.
  std::size_t failing_ = 0;   ///< Of these: those that no stream took when they were sent last.
  std::size_t enqueued_ = 0;  ///< Of these: those that nobody waits for but `flush`.
  std::exception_ptr failure_;
  bool stopping_ = false;
};

}  // namespace hangar
