#include "nats/connection_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <random>
#include <utility>

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr auto first_wait = 250ms;
constexpr auto longest_wait = 5000ms;
constexpr auto last_flush = 2000ms;
constexpr auto last_drain = 1000ms;
constexpr std::size_t most_discovered = 64;

// So that the clients of a server that was restarted do not all come at once.
std::chrono::milliseconds jittered(std::chrono::milliseconds wait, std::minstd_rand& random) {
  std::uniform_int_distribution<std::int64_t> spread{wait.count() / 2, wait.count()};
  return std::chrono::milliseconds{spread(random)};
}

}  // namespace

ConnectionKeeper::ConnectionKeeper(Connection::Settings settings,
                                   std::vector<Subscription> subscriptions, Callbacks callbacks)
    : settings_{std::move(settings)},
      subscriptions_{std::move(subscriptions)},
      callbacks_{std::move(callbacks)},
      endpoints_{endpoints(settings_.nats)},
      configured_{endpoints_.size()} {
  for (const Endpoint& endpoint : endpoints_) Connection::check(endpoint, settings_);
  thread_ = std::thread{[this] { run(); }};
}

ConnectionKeeper::~ConnectionKeeper() {
  finish();
  thread_.join();
}

bool ConnectionKeeper::send(std::uint64_t connection, std::vector<Outgoing>& items) {
  bool idle = false;
  {
    const std::lock_guard lock{mutex_};
    if (present_ != connection || connection == 0) return false;
    idle = queue_.empty();
    if (idle) {
      queue_.swap(items);
    } else {
      queue_.insert(queue_.end(), std::make_move_iterator(items.begin()),
                    std::make_move_iterator(items.end()));
    }
  }
  items.clear();
  if (idle) changed_.notify_one();
  return true;
}

void ConnectionKeeper::leave(std::uint64_t connection, std::string why) {
  const std::lock_guard lock{mutex_};
  if (present_ != connection || connection == 0) return;
  leaving_ = std::move(why);
  changed_.notify_one();
}

void ConnectionKeeper::finish() noexcept {
  const std::lock_guard lock{mutex_};
  finishing_ = true;
  changed_.notify_one();
}

void ConnectionKeeper::run() noexcept {
  while (auto connection = connect()) {
    {
      const std::lock_guard lock{mutex_};
      present_ = ++connections_;
    }
    callbacks_.up(connections_, connection->max_payload(), server_.address());
    std::vector<Outgoing> unsent = serve(*connection);
    std::string why = "connection lost: " + connection->last_error();
    left_.reset();
    {
      const std::lock_guard lock{mutex_};
      if (!leaving_.empty()) {
        why = std::exchange(leaving_, {});
        left_ = server_;
      }
      if (finishing_) why.clear();
    }
    learn(*connection);
    connection.reset();
    callbacks_.down(std::move(why), std::move(unsent));
  }
  callbacks_.ended();
}

std::unique_ptr<Connection> ConnectionKeeper::connect() {
  std::minstd_rand random{std::random_device{}()};
  std::shuffle(endpoints_.begin(), endpoints_.begin() + static_cast<std::ptrdiff_t>(configured_),
               random);
  auto wait = first_wait;
  for (std::size_t tried = 1;; ++tried) {
    {
      const std::lock_guard lock{mutex_};
      if (finishing_) return nullptr;
      lost_ = false;
    }
    const Endpoint& next = endpoints_[at_++ % endpoints_.size()];
    const bool left = left_ && left_->address() == next.address() && tried <= endpoints_.size();
    if (auto connection = left ? nullptr : try_to_connect(next)) {
      server_ = next;
      return connection;
    }
    if (tried % endpoints_.size() != 0) continue;
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, jittered(wait, random), [this] { return finishing_; });
    wait = std::min<std::chrono::milliseconds>(wait * 2, longest_wait);
  }
}

std::unique_ptr<Connection> ConnectionKeeper::try_to_connect(const Endpoint& endpoint) {
  try {
    auto connection =
        std::make_unique<Connection>(endpoint, settings_,
                                     Connection::Callbacks{.lost =
                                                               [this] {
                                                                 const std::lock_guard lock{mutex_};
                                                                 lost_ = true;
                                                                 changed_.notify_one();
                                                               },
                                                           .error = callbacks_.trouble});
    for (const auto& [subject, inbox] : subscriptions_) connection->subscribe(subject, *inbox);
    return connection;
  } catch (const std::exception& error) {
    callbacks_.trouble(error.what());
    return nullptr;
  }
}

std::vector<Outgoing> ConnectionKeeper::serve(Connection& connection) {
  std::vector<Outgoing> items;
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock,
                  [this] { return lost_ || finishing_ || !leaving_.empty() || !queue_.empty(); });
    const bool last = finishing_;
    if (!leaving_.empty() && !has_another(connection)) leaving_.clear();
    items.swap(queue_);
    const bool lost = lost_ || !leaving_.empty();
    if (lost || last) present_ = 0;
    lock.unlock();
    if (lost) return items;
    send_all(connection, items);
    if (last) {
      connection.flush(last_flush);
      return items;
    }
    lock.lock();
    if (!items.empty()) {  // the connection is gone; its callback has not said so yet
      present_ = 0;
      items.insert(items.end(), std::make_move_iterator(queue_.begin()),
                   std::make_move_iterator(queue_.end()));
      queue_.clear();
      return items;
    }
  }
}

void ConnectionKeeper::send_all(Connection& connection, std::vector<Outgoing>& items) {
  auto item = items.begin();
  for (; item != items.end(); ++item) {
    // What cannot be sent over a connection that lives cannot be sent over another one either.
    bool done = true;
    if (auto* answers = std::get_if<Answers>(&*item)) {
      answers->send([&](std::string_view subject, std::string_view body) {
        return connection.publish(subject, body) || connection.alive();
      });
      done = answers->empty();
    } else if (auto* message = std::get_if<WireMessage>(&*item)) {
      done = connection.publish(**message) || connection.alive();
    } else if (std::holds_alternative<EndPulls>(*item)) {
      connection.drain(0, last_drain);
      callbacks_.pulls_ended();
    }
    if (!done) break;
  }
  // Here, because memory that is given back here need not be given back on the service's strand;
  // and all at once, because cnats wakes a thread that frees them when it finds that one idle.
  items.erase(items.begin(), item);
}

bool ConnectionKeeper::has_another(const Connection& connection) {
  return endpoints_.size() > 1 || !connection.discovered().empty();
}

void ConnectionKeeper::learn(const Connection& connection) {
  std::vector<Endpoint> known{endpoints_.begin(),
                              endpoints_.begin() + static_cast<std::ptrdiff_t>(configured_)};
  for (const std::string& url : connection.discovered()) {
    if (known.size() == configured_ + most_discovered) break;
    try {
      Endpoint told = discovered(server_, url);
      const bool new_one =
          std::ranges::find(known, told.address(), &Endpoint::address) == known.end();
      if (new_one) known.push_back(std::move(told));
    } catch (const std::exception& error) {
      callbacks_.trouble(error.what());
    }
  }
  endpoints_ = std::move(known);
}

}  // namespace hangar
