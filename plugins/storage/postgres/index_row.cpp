#include "index_row.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace hangar::postgres {

namespace {

constexpr std::size_t history_size = 4096;
constexpr std::size_t longest_match = 273;
constexpr std::size_t farthest_match = 0x0fff;

std::size_t align(std::size_t size, std::size_t to) noexcept { return (size + to - 1) / to * to; }

/// The last 4,096 positions of the text, in lists by the hash of the four bytes at each, newest
/// first; the order of the lists decides which match pglz finds.
class History {
 public:
  explicit History(std::string_view text) : text_{text}, entries_(history_size + 1) {
    const std::size_t size = text.size();
    lists_.assign(size < 128    ? 512
                  : size < 256  ? 1024
                  : size < 512  ? 2048
                  : size < 1024 ? 4096
                                : 8192,
                  0);
  }

  void add(std::size_t position) {
    Entry& entry = entries_[next_];
    if (full_) {
      if (entry.previous == 0) {
        lists_[entry.list] = entry.next;
      } else {
        entries_[entry.previous].next = entry.next;
      }
      if (entry.next != 0) entries_[entry.next].previous = entry.previous;
    }
    const std::size_t list = hash(position);
    entry = {lists_[list], 0, static_cast<std::uint16_t>(list), position};
    if (entry.next != 0) entries_[entry.next].previous = next_;
    lists_[list] = next_;
    if (++next_ > history_size) {
      next_ = 1;
      full_ = true;
    }
  }

  /// The length of the match that pglz takes at this position; below 3 it takes none.
  [[nodiscard]] std::size_t match(std::size_t position) const {
    std::size_t good = 128;
    std::size_t best = 0;
    for (std::uint16_t at = lists_[hash(position)]; at != 0;) {
      const Entry& entry = entries_[at];
      if (position - entry.position >= farthest_match) break;
      const std::size_t length = common(position, entry.position, best);
      best = std::max(best, length);
      at = entry.next;
      if (at != 0) {
        if (best >= good) break;
        good -= good * 10 / 100;
      }
    }
    return best;
  }

 private:
  struct Entry {
    std::uint16_t next = 0;
    std::uint16_t previous = 0;
    std::uint16_t list = 0;
    std::size_t position = 0;
  };

  [[nodiscard]] std::size_t hash(std::size_t position) const noexcept {
    // PostgreSQL hashes plain chars, which are signed on the platforms it mostly runs on.
    const auto byte = [&](std::size_t i) {
      return static_cast<std::uint32_t>(
          static_cast<std::int32_t>(static_cast<signed char>(text_[position + i])));
    };
    const std::uint32_t value = text_.size() - position < 4
                                    ? byte(0)
                                    : (byte(0) << 6) ^ (byte(1) << 4) ^ (byte(2) << 2) ^ byte(3);
    return value & (lists_.size() - 1);
  }

  [[nodiscard]] std::size_t common(std::size_t position, std::size_t earlier,
                                   std::size_t best) const noexcept {
    const std::size_t most = std::min(longest_match, text_.size() - position);
    if (best >= 16 &&
        (best > most || std::memcmp(text_.data() + position, text_.data() + earlier, best) != 0)) {
      return 0;
    }
    std::size_t length = 0;
    while (length < most && text_[position + length] == text_[earlier + length]) ++length;
    return length;
  }

  std::string_view text_;
  std::vector<std::uint16_t> lists_;
  std::vector<Entry> entries_;
  std::uint16_t next_ = 1;
  bool full_ = false;
};

/// The bytes of a text inside an index row that already has `before` bytes of values.
std::size_t text_bytes(std::string_view text, std::size_t before) {
  constexpr std::size_t compress_from = 510;
  if (text.size() <= 126) return text.size() + 1;
  const std::size_t padding = align(before, 4) - before;
  if (text.size() + 4 > compress_from) {
    const auto compressed = pglz_bytes(text);
    if (compressed && *compressed + 8 < text.size() - 2) return padding + *compressed + 8;
  }
  return padding + text.size() + 4;
}

/// The same of any value.
std::size_t value_bytes(const Cell& value, std::size_t before) {
  const auto aligned = [&](std::size_t size, std::size_t to) {
    return align(before, to) - before + size;
  };
  switch (value.kind()) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      return 0;
    case Cell::Kind::boolean:
      return 1;
    case Cell::Kind::int4:
      return aligned(4, 4);
    case Cell::Kind::timestamp:
    case Cell::Kind::int8:
    case Cell::Kind::float8:
      return aligned(8, 8);
    case Cell::Kind::uuid:
      return 16;
    case Cell::Kind::interval:
      return aligned(16, 8);
    case Cell::Kind::text:
    case Cell::Kind::bytes:
      return text_bytes(value.viewed(), before);
  }
  return 0;
}

}  // namespace

std::optional<std::size_t> pglz_bytes(std::string_view text) {
  constexpr std::size_t first_success_by = 1024;
  if (text.size() < 32) return std::nullopt;
  const std::size_t most = std::min(text.size() * 75 / 100, longest_index_row + 1);
  History history{text};
  std::size_t written = 0;
  unsigned items = 0;
  bool found = false;
  for (std::size_t position = 0; position < text.size();) {
    if (written >= most || (!found && written >= first_success_by)) return std::nullopt;
    if (items++ % 8 == 0) ++written;  // A control byte for each eight items.
    const std::size_t length = history.match(position);
    if (length > 2) {
      found = true;
      written += length > 17 ? 3 : 2;
      for (std::size_t i = 0; i < length; ++i) history.add(position++);
    } else {
      ++written;
      history.add(position++);
    }
  }
  if (written >= most) return std::nullopt;
  return written;
}

std::size_t index_row_bytes(std::span<const Cell> values) {
  constexpr std::size_t header = 8;
  constexpr std::size_t null_bits = 8;
  std::size_t bytes = 0;
  bool nulls = false;
  for (const Cell& value : values) {
    nulls = nulls || value.is_null();
    bytes += value_bytes(value, bytes);
  }
  return align(header + (nulls ? null_bits : 0) + bytes, 8);
}

bool index_takes(std::span<const Cell> values) {
  constexpr std::size_t most_of_another = 32;  // What comes before a text, and its own header.
  std::size_t most = most_of_another;
  for (const Cell& value : values) most += most_of_another + value.viewed().size();
  return most <= longest_index_row || index_row_bytes(values) <= longest_index_row;
}

}  // namespace hangar::postgres
