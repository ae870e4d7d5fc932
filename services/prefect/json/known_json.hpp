#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "prefect/json/text_hash.hpp"

namespace hangar::prefect {

/// Arrays and objects of one kind as they stood in earlier events, and what they were stored as:
/// the tasks of an installation have few policies, sets of tags and labels among them.
class KnownJson {
 public:
  /// What the token was stored as; null when that is not known.
  [[nodiscard]] const std::string* find(std::string_view token) const {
    const Known& known = known_.at(place(token));
    return known.token == token ? &known.stored : nullptr;
  }
  void keep(std::string_view token, std::string_view stored) {
    if (token.size() <= longest && stored.size() <= longest) {
      known_.at(place(token)) = {std::string{token}, std::string{stored}};
    }
  }

 private:
  struct Known {
    std::string token;
    std::string stored;
  };
  static constexpr std::size_t longest = 1024;
  static constexpr std::size_t places = 64;

  static std::size_t place(std::string_view token) { return hash_text(token, 0) % places; }

  std::array<Known, places> known_;
};

}  // namespace hangar::prefect
