#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "out/event_filter.hpp"
#include "prefect/event_limits.hpp"
#include "prefect/json/json_document.hpp"
#include "prefect/received_event.hpp"

namespace hangar::gateway {

inline constexpr std::string_view id_label = "prefect.resource.id";
inline constexpr std::string_view role_label = "prefect.resource.role";

/// An event as filters ask for it. What it refers to lives until its reader reads the next one.
class SeenEvent {
 public:
  struct Label {
    std::string_view name;
    std::string_view value;
  };
  struct Resource {
    std::string_view id;
    std::string_view role;  ///< Empty for the resource that the event is about.
    prefect::JsonValue json;
    mutable std::optional<std::vector<Label>> labels{};  ///< Once they were asked for.
  };

  [[nodiscard]] const prefect::ReceivedEvent& received() const noexcept { return received_; }
  [[nodiscard]] const Uuid& id() const noexcept { return received_.id; }
  [[nodiscard]] std::string_view name() const noexcept { return received_.event; }
  [[nodiscard]] EventFilter::Micros occurred() const noexcept {
    return received_.occurred.wall - std::int64_t{received_.occurred.offset} * 1'000'000;
  }
  /// That of the event first.
  [[nodiscard]] const std::vector<Resource>& resources() const noexcept { return resources_; }
  /// Each name once. They are read once, however many filters ask for them.
  [[nodiscard]] const std::vector<Label>& labels(const Resource& resource) const;
  /// What Prefect searches in a live event, in lower case.
  [[nodiscard]] const std::string& searched() const;

 private:
  friend class EventReader;

  void add_resource(prefect::JsonValue json, bool related);

  prefect::ReceivedEvent received_;
  std::vector<Resource> resources_;
  mutable std::pmr::monotonic_buffer_resource* texts_ = nullptr;
  mutable std::optional<std::string> searched_;
};

/// Reads events, one after the other.
class EventReader {
 public:
  explicit EventReader(const prefect::EventLimits& limits) : limits_{limits} {
    document_.look_for_nul(false);
  }

  /// The event that a JSON text is; valid until the next call. Throws DataError.
  const SeenEvent& read(std::string_view json);
  /// The filter that a value is which `document` has. Throws DataError.
  EventFilter filter(prefect::JsonValue value, Timestamp now);
  prefect::JsonDocument& document() noexcept { return document_; }

 private:
  prefect::EventLimits limits_;
  StorageLimits storage_limits_;
  prefect::JsonDocument document_;
  std::array<std::byte, 4096> texts_of_most_;
  std::pmr::monotonic_buffer_resource texts_{texts_of_most_.data(), texts_of_most_.size()};
  SeenEvent event_;
};

}  // namespace hangar::gateway
