#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event_rows.hpp"
#include "hangar/batch_target.hpp"
#include "hangar/storage.hpp"
#include "name_filter.hpp"
#include "prefect/json/json_document.hpp"
#include "prefect/received_event.hpp"

namespace hangar::persister {

/// Turns message data into rows. Keeps its buffers between events, so each thread has its own.
class EventDecoder {
 public:
  explicit EventDecoder(const prefect::EventLimits& limits, NameFilter names = {})
      : event_limits_{limits}, names_{std::move(names)} {}

  /// From now on refuses what a storage of these limits cannot hold; at first, of PostgreSQL's.
  void fit(const StorageLimits& limits) {
    storage_limits_ = limits;
    document_.look_for_nul(!limits.nul);
  }

  /// The rows of one event; they point into `json` and into this object, until it decodes again.
  /// Nothing for an event that its name leaves out. `now` gives the date to a time of day. Throws a
  /// DataError with reason and JSON pointer for a message that is no `ReceivedEvent`, and for one
  /// that the storage cannot hold.
  std::optional<EventRows> decode(std::string_view json, Timestamp now);
  /// The same for a batch writer, now: nothing for a message without data, as in Prefect.
  std::optional<Decoded<EventRows>> item(const Message& message, ItemMemory& memory);

 private:
  [[nodiscard]] std::string_view text(prefect::JsonValue string);
  /// Appends the resource to `whole` and its row to `resources_`.
  void append_resource(std::string& whole, prefect::JsonValue resource, bool related);

  prefect::EventLimits event_limits_;
  NameFilter names_;
  StorageLimits storage_limits_{.nul = false};
  prefect::JsonDocument document_;
  std::string resource_;
  std::string related_resource_ids_;
  std::string related_;
  std::string payload_;
  std::string labels_;                   ///< JSON of all resources without id and role.
  std::vector<std::size_t> labels_end_;  ///< Of each in `labels_`.
  std::vector<ResourceRow> resources_;
  std::array<std::byte, 4096> texts_of_most_;
  std::pmr::monotonic_buffer_resource texts_{texts_of_most_.data(), texts_of_most_.size()};
};

}  // namespace hangar::persister
