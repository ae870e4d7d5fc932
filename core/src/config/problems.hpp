#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hangar {

/// Where something stands in a file; lines and columns count from 1. Without a file: not in one.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  auto operator<=>(const Place&) const = default;
};

/// `hangar.yaml:14:5`, without the parts that are not known.
std::string to_string(const Place& place);

/// Everything that is wrong with a configuration, so that a person corrects it in one go.
class Problems {
 public:
  void add(Place place, std::string what);
  /// For what stands in no file: `what` begins with the variable or the flag.
  void add(std::string what) { add(Place{}, std::move(what)); }

  [[nodiscard]] bool empty() const noexcept { return problems_.empty(); }
  /// Throws ConfigError when there are any: one a line, by file, line and column, then a count.
  /// Passwords in URLs are masked, control characters replaced, and after 100 lines the rest is
  /// only counted.
  void raise() const;

 private:
  struct Problem {
    Place place;
    std::string what;
    auto operator<=>(const Problem&) const = default;
  };
  std::vector<Problem> problems_;
};

/// The text in quotes for a message: passwords in URLs masked, cut after 60 bytes.
std::string in_quotes(std::string_view text);

}  // namespace hangar
