#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "nats/answers.hpp"
#include "nats/connection.hpp"
#include "nats/endpoint.hpp"
#include "nats/inbox.hpp"
#include "nats/reconnection.hpp"
#include "nats/wire_message.hpp"

namespace hangar {

/// Are only freed, which is better done on the keeper's thread than on a service's strand.
struct ToFree {
  std::vector<WireMessage> messages;
};

/// Ends the subscription for pulled messages, after everything that is on its way.
struct EndPulls {};

using Outgoing = std::variant<WireMessage, Answers, ToFree, EndPulls>;

/// Keeps a connection to one of several servers up, for as long as it takes, on a thread of its own
/// that does everything that may block: connecting, publishing, closing.
class ConnectionKeeper {
 public:
  struct Subscription {
    std::string subject;
    Inbox* inbox = nullptr;
  };
  /// Called on the keeper's thread, `trouble` on any. `up` and `down` alternate.
  struct Callbacks {
    /// Each connection has a number of its own, from 1; `server` is an Endpoint's address, and
    /// `line` is to be logged, unless it is empty.
    std::function<void(std::uint64_t connection, std::uint64_t max_payload, std::string server,
                       std::string line)>
        up;
    /// Every message that came over this connection is in its inbox. `unsent` was not sent.
    std::function<void(std::vector<Outgoing> unsent)> down;
    /// After EndPulls: nothing more comes into the first subscription's inbox.
    std::function<void()> pulls_ended;
    /// An attempt to connect failed, the connection was lost, before `down`, or the server refused
    /// something. `line` is to be logged, unless it is empty.
    std::function<void(std::string what, std::string line)> trouble;
    std::function<void()> ended;
  };

  /// The first subscription is the one that EndPulls ends. Throws ConfigError when the settings
  /// cannot be used.
  ConnectionKeeper(Connection::Settings settings, std::vector<Subscription> subscriptions,
                   Callbacks callbacks);
  /// Waits for the thread, which may take as long as an attempt to connect: 5 s.
  ~ConnectionKeeper();
  ConnectionKeeper(const ConnectionKeeper&) = delete;
  ConnectionKeeper& operator=(const ConnectionKeeper&) = delete;

  /// Sends over that connection, in order, and empties `items`. Returns false and leaves them alone
  /// when that connection is no longer the present one. Any thread.
  bool send(std::uint64_t connection, std::vector<Outgoing>& items);
  /// Goes on with another server, if one is known, when this connection is the present one; `why`
  /// is told. Any thread.
  void leave(std::uint64_t connection, std::string why);
  /// Sends what was taken for sending, waits up to 2 s for the server to read it, and disconnects.
  void finish() noexcept;

 private:
  void run() noexcept;
  /// Any thread, with the mutex free.
  Reconnection::Step happened(Reconnection::Happened what, const std::string& why = {});
  std::unique_ptr<Connection> connect(Reconnection::Step next);
  std::unique_ptr<Connection> try_to_connect(const Endpoint& endpoint);
  std::vector<Outgoing> serve(Connection& connection);
  void send_all(Connection& connection, std::vector<Outgoing>& items);

  Connection::Settings settings_;
  std::vector<Subscription> subscriptions_;
  Callbacks callbacks_;
  // Of the thread alone.
  std::uint64_t connections_ = 0;
  SpentMessages spent_;  ///< What was sent.
  /// `learn` and what it knows of servers are of the thread alone; `step` is with the mutex.
  Reconnection reconnection_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Outgoing> queue_;
  std::uint64_t present_ = 0;  ///< The number of the connection that is up; 0 when none is.
  bool lost_ = false;
  std::string leaving_;  ///< Why another server is to be tried; empty when it is not.
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace hangar
