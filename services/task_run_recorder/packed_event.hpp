#pragma once

#include <cstddef>
#include <memory_resource>
#include <optional>

#include "task_run_event.hpp"

namespace hangar::recorder {

/// An event in as few bytes as its values need: events that wait for their transaction are most of
/// what the recorder takes of memory. A view of bytes that belong to somebody else.
class PackedEvent {
 public:
  /// Packs the event, its texts included, into memory of the resource.
  PackedEvent(const TaskRunEvent& event, std::pmr::memory_resource& memory);
  /// The same into memory for `size(event)` bytes.
  PackedEvent(const TaskRunEvent& event, std::byte* memory) noexcept;
  [[nodiscard]] static std::size_t size(const TaskRunEvent& event) noexcept;

  struct Identity {
    Uuid run_id;
    std::optional<NaturalKey> key;
  };
  /// Reads no more than it must, for the bytes of a batch are not in any cache.
  [[nodiscard]] Identity identity() const noexcept;
  /// The event; its texts are in the bytes.
  [[nodiscard]] TaskRunEvent unpack() const noexcept;

 private:
  const std::byte* bytes_;
};

}  // namespace hangar::recorder
