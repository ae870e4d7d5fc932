#include "nats/connection_keeper.hpp"

#include <pthread.h>
#include <sched.h>

#include <chrono>
#include <exception>
#include <iterator>
#include <random>
#include <utility>

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Happened = Reconnection::Happened;

constexpr auto last_flush = 2000ms;
constexpr auto last_drain = 1000ms;

// Throws ConfigError for those that cannot be used.
std::vector<Endpoint> usable_endpoints(const Connection::Settings& settings) {
  std::vector<Endpoint> all = endpoints(settings.nats);
  for (const Endpoint& endpoint : all) Connection::check(endpoint, settings);
  return all;
}

// Whoever wakes such a thread is not interrupted for it where all cores are busy: it runs soon, and
// then finds more to do. The threads that cnats starts for a connection inherit it.
void gather_work() noexcept {
  const sched_param none{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
}

}  // namespace

ConnectionKeeper::ConnectionKeeper(Connection::Settings settings,
                                   std::vector<Subscription> subscriptions, Callbacks callbacks)
    : settings_{std::move(settings)},
      subscriptions_{std::move(subscriptions)},
      callbacks_{std::move(callbacks)},
      reconnection_{usable_endpoints(settings_), std::random_device{}()} {
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

Reconnection::Step ConnectionKeeper::happened(Happened what, const std::string& why) {
  Reconnection::Step step;
  {
    const std::lock_guard lock{mutex_};
    step = reconnection_.step(what, why, std::chrono::steady_clock::now());
  }
  if (!step.trouble.empty()) callbacks_.trouble(step.trouble, step.line);
  return step;
}

void ConnectionKeeper::run() noexcept {
  gather_work();
  Reconnection::Step next = happened(Happened::started);
  while (auto connection = connect(next)) {
    {
      const std::lock_guard lock{mutex_};
      present_ = ++connections_;
    }
    std::string line = happened(Happened::connected).line;
    callbacks_.up(connections_, connection->max_payload(), reconnection_.server().address(),
                  std::move(line));
    std::vector<Outgoing> unsent = serve(*connection);
    const std::string error = connection->last_error();
    std::string leaving;
    bool finishing = false;
    {
      const std::lock_guard lock{mutex_};
      leaving = std::exchange(leaving_, {});
      finishing = finishing_;
    }
    for (const std::string& problem : reconnection_.learn(connection->discovered())) {
      happened(Happened::trouble, problem);
    }
    connection.reset();
    next = finishing         ? Reconnection::Step{}
           : leaving.empty() ? happened(Happened::lost, error)
                             : happened(Happened::left, leaving);
    callbacks_.down(std::move(unsent));
  }
  callbacks_.ended();
}

std::unique_ptr<Connection> ConnectionKeeper::connect(Reconnection::Step next) {
  for (;;) {
    {
      std::unique_lock lock{mutex_};
      changed_.wait_for(lock, next.after, [this] { return finishing_; });
      if (finishing_) return nullptr;
      lost_ = false;
    }
    try {
      return try_to_connect(*next.server);
    } catch (const std::exception& error) {
      next = happened(Happened::failed, error.what());
    }
  }
}

std::unique_ptr<Connection> ConnectionKeeper::try_to_connect(const Endpoint& endpoint) {
  auto connection = std::make_unique<Connection>(
      endpoint, settings_,
      Connection::Callbacks{
          .lost =
              [this] {
                const std::lock_guard lock{mutex_};
                lost_ = true;
                changed_.notify_one();
              },
          .error =
              [this](std::string_view what) { happened(Happened::trouble, std::string{what}); }});
  for (const auto& [subject, inbox] : subscriptions_) connection->subscribe(subject, *inbox);
  return connection;
}

std::vector<Outgoing> ConnectionKeeper::serve(Connection& connection) {
  std::vector<Outgoing> items;
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock,
                  [this] { return lost_ || finishing_ || !leaving_.empty() || !queue_.empty(); });
    const bool last = finishing_;
    if (!leaving_.empty() && reconnection_.servers() == 1 && connection.discovered().empty())
      leaving_.clear();
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
  // Here, because memory that is given back here need not be given back on the service's strand.
  for (auto sent = items.begin(); sent != item; ++sent) {
    if (auto* message = std::get_if<WireMessage>(&*sent)) spent_.add(std::move(*message));
  }
  items.erase(items.begin(), item);
}

}  // namespace hangar
