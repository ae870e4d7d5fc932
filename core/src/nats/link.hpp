#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "nats/connection.hpp"
#include "nats/connection_keeper.hpp"
#include "nats/inbox.hpp"
#include "nats/jetstream_health.hpp"
#include "nats/remedy.hpp"
#include "nats/requests.hpp"
#include "nats/wire_message.hpp"

namespace hangar {

/// The connection to NATS as coroutines see it: up or down, requests with their replies, and pulled
/// messages. Never blocks. Everything runs on one strand, the executor it is given, and every
/// member is for that strand, with the exception of `finish`.
class Link : public std::enable_shared_from_this<Link> {
 public:
  struct Handlers {
    std::function<void()> up;
    /// What was not sent over the connection that is gone.
    std::function<void(std::vector<Outgoing> unsent)> down;
    std::function<void(std::vector<WireMessage>& messages)> pulled;
    /// After EndPulls: nothing more is pulled.
    std::function<void()> pulls_ended;
    /// The server does not let this user publish to `subject`; `why` says so with what mends it.
    std::function<void(const std::string& subject, const std::string& why)> denied{};
    /// Something went wrong on the way to the server; `what` holds no secret.
    std::function<void(const std::string& what)> trouble{};
    /// What is wrong with the service of JetStream has changed.
    std::function<void(JetStreamHealth::Trouble trouble)> judged{};
  };

  using Reply = Requests::Reply;
  using OnReply = Requests::OnReply;

  /// Begins to connect, for as long as it takes. Throws ConfigError when the settings cannot be
  /// used. The executor must be a strand, or run on one thread.
  static std::shared_ptr<Link> open(boost::asio::any_io_executor executor,
                                    Connection::Settings settings, Log& log, Handlers handlers);
  /// Finishes. May block for 5 s when `ended` has not been awaited.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] bool connected() const noexcept { return server_.connection != 0; }
  [[nodiscard]] std::uint64_t max_payload() const noexcept { return server_.max_payload; }
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_; }
  /// `nats://host:port` of the server that it is or was last connected to.
  [[nodiscard]] const std::string& server() const noexcept { return server_.url; }
  /// Whether that is the embedded one.
  [[nodiscard]] bool embedded() const noexcept { return embedded_; }
  /// Where those who use it tell what they did.
  [[nodiscard]] Log& log() const noexcept { return log_; }
  /// What went wrong last; empty when nothing did. Holds no secret.
  [[nodiscard]] const std::string& last_trouble() const noexcept { return last_trouble_; }
  /// Returns whether it is connected, at the latest at `deadline`.
  boost::asio::awaitable<bool> wait_connected(Condition::Time deadline);

  /// The subject of this call to JetStream's API.
  [[nodiscard]] std::string api(std::string_view call) const {
    return api_prefix_ + std::string{call};
  }

  [[nodiscard]] std::string_view inbox_prefix() const noexcept {
    return std::string_view{inbox_}.substr(0, inbox_.rfind('.'));
  }

  /// What came of a call to JetStream that was sent then: no trouble when it answered, or sent
  /// something else by then. A server that gives no service is left for another one.
  void judge(JetStreamHealth::Trouble trouble, JetStreamHealth::Time at);
  /// The same of a whole round of calls that was answered: by a leader that has a quorum?
  void judge_round(bool quorum, JetStreamHealth::Time sent);

  /// Sends over the present connection in order and empties `items`; false when there is none.
  bool send(std::vector<Outgoing>& items) { return keeper_->send(server_.connection, items); }
  /// Where pulled messages and the statuses of the pull `token` go.
  [[nodiscard]] std::string pull_inbox(std::uint64_t token) const;
  /// The token of a status; nothing for a message of the stream.
  [[nodiscard]] std::optional<std::uint64_t> pull_token(std::string_view subject) const noexcept;

  /// Sends a request; `on_reply` is called exactly once, never from inside this call.
  void request(const std::string& subject, std::string_view body, const Headers& headers,
               std::chrono::milliseconds within, OnReply on_reply);
  boost::asio::awaitable<Reply> request(std::string subject, std::string body, Headers headers = {},
                                        std::chrono::milliseconds within = default_patience);
  /// Sends the requests that were made since this strand was entered: together, for each waking of
  /// the thread that sends costs more than a request. Happens by itself when the strand is left.
  void send_requests();
  /// Nobody wants the replies that have not come: no `on_reply` is called any more.
  void forget_requests() noexcept { requests_->forget(); }
  /// Frees a message that came, with others.
  void free(WireMessage message) noexcept { requests_->free(std::move(message)); }

  /// Sends what was given for sending and disconnects, for good. Any thread.
  void finish() noexcept { keeper_->finish(); }
  /// Returns when it has ended after `finish`, at the latest at `deadline`.
  boost::asio::awaitable<void> ended(Condition::Time deadline);

  static constexpr std::chrono::milliseconds default_patience{5000};

 private:
  /// The one that it is or was last connected to.
  struct Server {
    std::uint64_t connection = 0;  ///< 0 while there is none.
    std::uint64_t max_payload = 0;
    std::string url{};
  };

  Link(boost::asio::any_io_executor executor, const NatsConfig& nats, Log& log, Handlers handlers);
  void start(Connection::Settings settings);
  std::unique_ptr<Inbox> inbox(void (Link::*take)());
  void post(std::function<void(Link&)> action);
  void came_up(const Server& server, const std::string& line);
  void went_down(std::vector<Outgoing> unsent);
  void trouble(const std::string& what, const std::string& line);
  void deny(const PermissionViolation& violation, const std::string& why);
  void take_pulled();
  void take_replies();
  void follow(const JetStreamHealth::Verdict& verdict);

  boost::asio::any_io_executor executor_;
  Log& log_;
  Handlers handlers_;
  const bool embedded_;
  const std::string api_prefix_;
  const std::string inbox_;  ///< What the subjects begin with that are answered on.
  Server server_;
  std::uint64_t connections_ = 0;
  JetStreamHealth health_;
  JetStreamHealth::Trouble judged_ = JetStreamHealth::Trouble::none;
  std::string inbox_denied_;  ///< Why nobody can answer; empty when they can.
  std::string last_trouble_;
  bool ended_ = false;
  Condition changed_;
  const std::shared_ptr<Requests> requests_;
  std::unique_ptr<Inbox> pulled_;
  std::unique_ptr<Inbox> replies_;
  std::vector<WireMessage> spare_;
  // Behind all that its thread uses.
  std::unique_ptr<ConnectionKeeper> keeper_;
  std::vector<Outgoing> requests_out_;  ///< Those that are not sent yet.
};

}  // namespace hangar
