#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>

#include "hangar/source.hpp"
#include "lanes.hpp"
#include "task_run_event.hpp"

namespace hangar::recorder {

/// Memory of the heap, counted.
class CountedMemory final : public std::pmr::memory_resource {
 public:
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    bytes_ += bytes;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    bytes_ -= bytes;
    std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::size_t bytes_ = 0;
};

/// A message on its way into the database, from decoding to its answer.
struct RetryableEvent {
  /// What it takes of memory.
  [[nodiscard]] std::size_t bytes() const noexcept { return sizeof *this + memory.bytes(); }

  Message message;             ///< Without its data, which is decoded.
  std::uint64_t sequence = 0;  ///< The message's, also after it was answered.
  std::uint64_t arrival = 0;
  Lanes::Names names{};
  std::array<std::byte, 520> texts_of_most;  ///< All that most events need.
  CountedMemory memory;
  std::pmr::monotonic_buffer_resource texts{texts_of_most.data(), texts_of_most.size(), &memory};
  TaskRunEvent event;
  int persist_attempts = 0;
  std::unique_ptr<Rejection> refused;  ///< What the storage said of it alone, for the last time.
};

/// Where events have their memory: one block each, used again and again. Not thread-safe. Events
/// may outlive it, as those of a coroutine do that ends with its executor.
class EventPool {
  using Blocks = std::pmr::unsynchronized_pool_resource;

 public:
  struct GiveBack {
    std::shared_ptr<Blocks> blocks{};
    void operator()(RetryableEvent* event) const {
      std::pmr::polymorphic_allocator<>{blocks.get()}.delete_object(event);
    }
  };
  using Event = std::unique_ptr<RetryableEvent, GiveBack>;

  [[nodiscard]] Event event() {
    return Event{std::pmr::polymorphic_allocator<>{blocks_.get()}.new_object<RetryableEvent>(),
                 {blocks_}};
  }

 private:
  static_assert(sizeof(RetryableEvent) <= 1536, "as large as a block of the pool");

  // It grows by so many blocks; by itself it would double.
  std::shared_ptr<Blocks> blocks_ =
      std::make_shared<Blocks>(std::pmr::pool_options{.max_blocks_per_chunk = 256});
};

}  // namespace hangar::recorder
