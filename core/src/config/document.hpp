#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.hpp"

namespace hangar {

/// One value of a YAML document. An alias shares the node that it stands for.
struct Node {
  enum class Kind { null, scalar, sequence, map };
  struct Entry {
    std::string key;
    Place place;
    std::shared_ptr<const Node> value;
  };

  Kind kind = Kind::null;
  Place place;
  std::string scalar;
  bool quoted = false;  ///< A scalar in quotes or as a block.
  std::vector<std::shared_ptr<const Node>> items;
  std::vector<Entry> entries;
  std::size_t aliases = 0;  ///< Aliases in it, those in what they stand for included.
};

/// The most bytes that a file may have.
inline constexpr std::size_t longest_document = 256U << 10U;

/// The one document in `text`, or nullptr when it is empty or adds to the problems.
///
/// Stricter than YAML: a duplicate key, `<<`, a tag, a key that is no word, a second document, more
/// than 64 levels, more than 10,000 values, more than 100 aliases once expanded, and an alias
/// within what it stands for are problems. Takes well under 100 ms and 64 MiB for any text of that
/// length; only the first three of these let it go on.
std::shared_ptr<const Node> parse_document(std::string_view text, const std::string& file,
                                           Problems& problems);

}  // namespace hangar
