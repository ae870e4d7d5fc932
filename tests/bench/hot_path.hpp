#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "batch/lanes.hpp"
#include "encoder.hpp"
#include "event_decoder.hpp"
#include "fold.hpp"
#include "index_row.hpp"

namespace hangar::bench {

/// What the recorder does with a batch of events of new runs, without broker and database, in the
/// steps that the service takes: `decode`, `assign_lanes`, `fold`, `encode`. Each step needs the
/// one before.
class HotPath {
 public:
  HotPath() { decoder_.fit({.nul = false, .index_takes = postgres::index_takes}); }
  /// Messages that are events of the recorder; they stay where they are.
  void decode(std::span<const std::string_view> messages);
  void assign_lanes();
  void fold();
  /// As PostgreSQL's COPY BINARY takes the rows; returns the number of bytes.
  std::size_t encode();

 private:
  void encode(const Rows& rows);

  recorder::EventDecoder decoder_;
  std::array<std::byte, 4096> texts_of_most_;
  std::pmr::monotonic_buffer_resource texts_{texts_of_most_.data(), texts_of_most_.size()};
  ItemMemory memory_;
  std::vector<detail::ItemPtr> events_;
  std::vector<recorder::PackedEvent> batch_;
  batch::Lanes lanes_{2};
  std::optional<recorder::Fold> fold_;
  postgres::Encoder encoder_;
};

}  // namespace hangar::bench
