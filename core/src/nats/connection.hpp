#pragma once

#include <nats/nats.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "nats/endpoint.hpp"
#include "nats/inbox.hpp"
#include "nats/nats_config.hpp"
#include "nats/wire_message.hpp"

namespace hangar {

/// One connection to one server, from the moment it stands to the moment it is lost; it never
/// reconnects, so nothing that was sent over it can reach a server that has forgotten what went
/// before. Blocking; used by one thread.
class Connection {
 public:
  struct Callbacks {
    std::function<void()> lost;                         ///< Once, on a thread of cnats.
    std::function<void(std::string_view error)> error;  ///< Such as a permission that is missing.
  };
  struct Settings {
    NatsConfig nats;
    std::string name;  ///< What the server's list of connections shows.
  };

  /// Connects within 5 s. Throws TransientError, without a secret, when that fails, ConfigError
  /// when the settings cannot be used (a file that cannot be read).
  Connection(const Endpoint& endpoint, const Settings& settings, Callbacks callbacks);
  /// Closes, and waits until no callback runs any more.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Throws ConfigError when the settings cannot be used.
  static void check(const Endpoint& endpoint, const Settings& settings);

  /// Messages go into `inbox`, which outlives the connection. Throws TransientError.
  void subscribe(const std::string& subject, Inbox& inbox);
  /// Ends the n-th subscription and returns when everything that was on its way is in the inbox, or
  /// the time is over.
  void drain(std::size_t subscription, std::chrono::milliseconds within) noexcept;

  /// Both return whether it was taken for sending; when not, see `alive`.
  [[nodiscard]] bool publish(natsMsg& message) noexcept;
  [[nodiscard]] bool publish(std::string_view subject, std::string_view body) noexcept;
  /// Returns when the server has read all that was published, or the time is over.
  void flush(std::chrono::milliseconds within) noexcept;

  [[nodiscard]] bool alive() const noexcept;
  [[nodiscard]] std::uint64_t max_payload() const noexcept;
  /// Other servers of the cluster, `nats://host:port`.
  [[nodiscard]] std::vector<std::string> discovered() const;
  [[nodiscard]] std::string last_error() const;

 private:
  struct Options;
  struct Proof;
  /// What callbacks of cnats refer to.
  struct Ending {
    Callbacks callbacks;
    std::string identity;  ///< Which settings say who connects.
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t running = 0;  ///< Threads and callbacks that have not ended.
    void ended();
  };

  static void on_closed(natsConnection* connection, void* ending);
  static void on_error(natsConnection* connection, natsSubscription* subscription, natsStatus error,
                       void* ending);
  static void on_message(natsConnection* connection, natsSubscription* subscription,
                         natsMsg* message, void* inbox);
  static void on_complete(void* ending);

  Ending ending_;
  natsConnection* connection_ = nullptr;
  std::vector<natsSubscription*> subscriptions_;
};

/// What a server shows of a connection of this service: `hangar/<service>/<part>@<host>`. Without a
/// part it is the one that reads.
std::string connection_name(std::string_view service, std::string_view part = {});

}  // namespace hangar
