#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hangar/table.hpp"
#include "out/seen_event.hpp"
#include "out/subscriber.hpp"

namespace hangar::gateway {

/// All subscribers, each where events that it may want come by: so that an event costs nothing for
/// the others. For one strand.
class SubscriberIndex {
 public:
  /// The subscriber stays until it is removed.
  void add(Subscriber& subscriber) { place(subscriber, true); }
  void remove(Subscriber& subscriber) { place(subscriber, false); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Those who want the event, each once; valid until the next call of anything here. Ends each
  /// whose filter takes too many steps to tell.
  const std::vector<Subscriber*>& who_want(const SeenEvent& event);

 private:
  using Subscribers = std::vector<Subscriber*>;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using ByText = std::unordered_map<std::string, Subscribers, TextHash, std::equal_to<>>;

  void place(Subscriber& subscriber, bool adds);
  template <class Map, class Keys>
  void place(Map& map, const Keys& keys, Subscriber& subscriber, bool adds);
  void place(Subscribers& in, Subscriber& subscriber, bool adds);
  void place_prefixes(const std::vector<std::string>& prefixes, Subscriber& subscriber, bool adds);
  template <class Map, class Key>
  void ask(const Map& map, const Key& key, const SeenEvent& event);
  void ask(const Subscribers& subscribers, const SeenEvent& event);

  std::unordered_map<Uuid, Subscribers> by_id_;
  ByText by_resource_;      ///< That of the event.
  ByText by_any_resource_;  ///< That of the event, or a related one.
  ByText by_name_;
  ByText by_prefix_;  ///< Of names.
  /// How many subscribers have a prefix of this many bytes in `by_prefix_`.
  std::map<std::size_t, std::size_t> prefix_lengths_;
  Subscribers others_;
  std::size_t size_ = 0;
  std::uint64_t event_ = 0;
  Subscribers found_;
};

}  // namespace hangar::gateway
