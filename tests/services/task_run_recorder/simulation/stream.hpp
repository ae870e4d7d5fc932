#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace hangar::simulation {

using Random = std::mt19937;

/// True once in `times` draws, on average.
inline bool one_in(Random& random, unsigned times) { return random() % times == 0; }

/// A JetStream stream with one durable consumer, and a clock that counts steps. Messages are
/// counted from 0. What a replica holds when it dies is delivered again, so is what was acked by a
/// message that got lost, and now and then one that a living replica still holds.
class Stream {
 public:
  Stream(std::vector<std::string> messages, Random& random);

  [[nodiscard]] const std::string& data(std::size_t message) const { return messages_[message]; }
  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }

  /// Up to `limit` deliveries that are due, mostly in order.
  std::vector<std::size_t> deliver(std::size_t replica, std::size_t limit);
  void ack(std::size_t replica, std::size_t message);
  void nak(std::size_t replica, std::size_t message, std::uint64_t delay);
  /// The replica is gone: what it held is due again.
  void lose(std::size_t replica);

  void store_dead_letter(std::size_t message, const std::string& reason);
  [[nodiscard]] const std::map<std::size_t, std::string>& dead_letters() const noexcept {
    return dead_letters_;
  }

  [[nodiscard]] bool settled() const noexcept { return acked_.size() == messages_.size(); }
  /// Whether something is due that the replica does not hold.
  [[nodiscard]] bool due(std::size_t replica) const;
  void tick() noexcept { ++now_; }
  /// Goes to the next moment at which something is due; false when nothing ever will be.
  bool skip_ahead();

 private:
  std::vector<std::string> messages_;
  Random& random_;
  std::uint64_t now_ = 0;
  std::multimap<std::uint64_t, std::size_t> waiting_;  ///< By the step from which they are due.
  std::map<std::size_t, std::set<std::size_t>> held_;  ///< By replica.
  std::set<std::size_t> acked_;
  std::map<std::size_t, std::string> dead_letters_;
};

}  // namespace hangar::simulation
