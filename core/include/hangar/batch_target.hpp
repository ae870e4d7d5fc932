#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "hangar/source.hpp"
#include "hangar/storage.hpp"
#include "hangar/version.hpp"

/// What a BatchWriter writes, and how.
namespace hangar {

/// Hashes of up to three names: items that share one stay in order. An item that has fewer repeats
/// one. Two that collide share a lane, which is slower and never wrong.
using ItemNames = std::array<std::uint64_t, 3>;

/// What a message asks to write.
template <class T>
struct Decoded {
  T value;
  ItemNames names;
  std::size_t bytes = 0;                ///< That the value has beside `sizeof(T)`.
  std::optional<Timestamp> occurred{};  ///< For the latency; else when the stream took the message.
};

/// What became of an item that `write` did not throw for.
class Verdict {
 public:
  /// Its rows are written, or were there: the message is acked after COMMIT.
  Verdict() = default;
  /// What is stored, or the item itself, shows that it cannot be recorded: no more proof is needed.
  static Verdict dead_letter(Rejection why) {
    Verdict verdict;
    verdict.why_ = std::make_unique<Rejection>(std::move(why));
    return verdict;
  }
  [[nodiscard]] bool recorded() const noexcept { return !why_; }
  [[nodiscard]] const Rejection& why() const noexcept { return *why_; }

 private:
  std::unique_ptr<Rejection> why_;
};

namespace detail {

/// A message on its way into the database, from decoding to its answer.
struct HANGAR_API BatchItem {
  BatchItem() = default;
  BatchItem(const BatchItem&) = delete;
  BatchItem& operator=(const BatchItem&) = delete;
  virtual ~BatchItem();

  Message message{};  ///< Without its data, which is decoded.
  std::uint64_t arrival = 0;
  ItemNames names{};
  std::optional<Timestamp> occurred{};
  std::size_t bytes = 0;                 ///< What it takes of memory.
  std::unique_ptr<Rejection> refused{};  ///< What the storage said of it alone, for the last time.
  std::shared_ptr<std::byte[]> memory;   ///< Where it is.
  bool suspect = false;                  ///< The storage refused it when it came before.
  bool at_fault = false;                 ///< That is known already: no trial is needed.
  bool orphan = false;  ///< Refused for a row that it refers to, and which may come.
};

template <class T>
struct ItemOf final : BatchItem {
  explicit ItemOf(T its) : value{std::move(its)} {}
  T value;
};

struct DestroyItem {
  void operator()(BatchItem* item) const noexcept {
    const auto memory = std::move(item->memory);
    std::destroy_at(item);
  }
};
using ItemPtr = std::unique_ptr<BatchItem, DestroyItem>;

}  // namespace detail

/// Items in order, the oldest first.
using AnyItems = std::span<const detail::BatchItem* const>;

/// The values of items.
template <class T>
class Items {
 public:
  explicit Items(AnyItems items) : items_{items} {}
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] const T& operator[](std::size_t place) const noexcept {
    return static_cast<const detail::ItemOf<T>&>(*items_[place]).value;
  }

 private:
  AnyItems items_;
};

/// Where items are while they wait: side by side in chunks as they come, for they are read and
/// freed together too; a chunk is freed with the last item in it. Not thread-safe, but items may be
/// destroyed by any thread and outlive it.
class ItemMemory {
 public:
  /// Memory for what the item that is being decoded has beside its value; it is freed with the item
  /// and counted as its bytes. Once for each item.
  [[nodiscard]] std::byte* bytes(std::size_t count) {
    if (taken_ != 0) throw std::logic_error{"an item has asked for memory before"};
    taken_ = count;
    return room(count, room_behind_);
  }

  /// From here on another item is decoded, of type `ItemOf<T>`.
  template <class T>
  void next_item() noexcept {
    taken_ = 0;
    room_behind_ = sizeof(detail::ItemOf<T>) + alignof(std::max_align_t);
  }
  template <class T>
  [[nodiscard]] detail::ItemPtr item(Decoded<T> decoded) {
    using Item = detail::ItemOf<T>;
    static_assert(alignof(Item) <= alignof(std::max_align_t));
    detail::ItemPtr item{new (room(sizeof(Item), 0)) Item{std::move(decoded.value)}};
    item->names = decoded.names;
    item->occurred = decoded.occurred;
    item->bytes = sizeof(Item) + taken_ + decoded.bytes;
    item->memory = chunk_;
    return item;
  }

 private:
  static constexpr std::size_t chunk_size = 32U << 10U;

  /// So many bytes of `chunk_`, which has room for more behind them.
  std::byte* room(std::size_t bytes, std::size_t behind) {
    constexpr std::size_t alignment = alignof(void*);
    used_ = (used_ + alignment - 1) / alignment * alignment;
    if (!chunk_ || used_ + bytes + behind > size_) {
      size_ = std::max(bytes + behind, chunk_size);
      chunk_ = std::make_unique_for_overwrite<std::byte[]>(size_);
      used_ = 0;
    }
    return chunk_.get() + std::exchange(used_, used_ + bytes);
  }

  std::shared_ptr<std::byte[]> chunk_;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
  std::size_t taken_ = 0;
  std::size_t room_behind_ = 0;
};

/// One call of `BatchTransaction::write`.
struct WriteCall {
  /// So many items, from the first on, are older than every other in flight, in all lanes of this
  /// process: the order among others is known only as far as they share names.
  std::size_t oldest = 0;
  /// Not as `find` found it: this transaction may have changed what is stored, or `find` was not
  /// called.
  bool find_anew = true;
  /// Which items the row is made of that is refused; where it stays empty, `Error::row` is the
  /// place of the item.
  std::vector<std::size_t> to_blame{};
};

struct Written {
  /// Of the items from the first on that were written; the others come again in the next call.
  std::vector<Verdict> verdicts;
  /// An item that went in as new rows, if one is known: the best one for a `proof`.
  std::optional<std::size_t> new_rows{};
};

/// One attempt to write items in one transaction. Used on a storage thread, one call at a time.
class HANGAR_API BatchTransaction {
 public:
  BatchTransaction() = default;
  BatchTransaction(const BatchTransaction&) = delete;
  BatchTransaction& operator=(const BatchTransaction&) = delete;
  virtual ~BatchTransaction();

  /// Writes the longest prefix of the items that one transaction can hold: none only where the
  /// first is not among the oldest. Throws what the session throws, and then may be called again
  /// with others, after a rollback to a savepoint. Writing what is stored already changes nothing.
  virtual Written write(Session& session, AnyItems items, WriteCall& call) = 0;

  /// Before items are written in several calls: reads and locks what is stored of all of them.
  virtual void find(Session& session, AnyItems items);
  /// The same where somebody else has locked some of that: without these. Returns, for each item,
  /// whether it reaches what is locked.
  virtual std::vector<bool> find_unlocked(Session& session, AnyItems items);
  /// After the first orphan: returns, for each item, whether a row that it refers to is missing;
  /// nothing where that cannot be told.
  virtual std::vector<bool> orphans(Session& session, AnyItems items);
  /// On the service's executor: what the calls wrote that threw nothing is durable.
  virtual void committed();
};

/// An item whose rows went in: that they do so again shows that the database takes such rows, and
/// that another item which does not go in beside them is at fault itself.
class HANGAR_API WriteProof {
 public:
  WriteProof() = default;
  WriteProof(const WriteProof&) = delete;
  WriteProof& operator=(const WriteProof&) = delete;
  virtual ~WriteProof();
  /// Writes the item once more, under names that nothing else has, and does all else that is ever
  /// done by `write`. Whether all of it went in; throws what the session throws. The transaction is
  /// rolled back.
  [[nodiscard]] virtual bool goes_in_again(Session& session) const = 0;
};

/// How the items of one service become rows.
class HANGAR_API BatchTarget {
 public:
  BatchTarget() = default;
  BatchTarget(const BatchTarget&) = delete;
  BatchTarget& operator=(const BatchTarget&) = delete;
  virtual ~BatchTarget();

  /// For one attempt; may be called on any storage thread.
  [[nodiscard]] virtual std::unique_ptr<BatchTransaction> begin() = 0;
  /// Of an item that was recorded, which it outlives. Without one, an item that is refused is a
  /// dead letter only where the same kind of write takes rows of others afterwards, in the same
  /// transaction; else it is held.
  [[nodiscard]] virtual std::shared_ptr<const WriteProof> proof(const detail::BatchItem& item);
  /// Where the error is that of a row which refers to one that is not there and may come: why the
  /// item is a dead letter, when it did not come.
  [[nodiscard]] virtual std::optional<Rejection> orphan(const DataError& error);
};

}  // namespace hangar
