#pragma once

#include <cstdint>

#include "hangar/config.hpp"
#include "prefect/event_limits.hpp"

namespace hangar::prefect {

/// `EventLimits` as settings of a service, which Prefect's own settings of them set too.
struct EventLimitSettings {
  std::int64_t maximum_labels_per_resource = 500;
  std::int64_t maximum_related_resources = 100;
  std::int64_t maximum_event_name_length = 1'024;

  [[nodiscard]] EventLimits limits() const {
    return {static_cast<std::size_t>(maximum_labels_per_resource),
            static_cast<std::size_t>(maximum_related_resources),
            static_cast<std::size_t>(maximum_event_name_length)};
  }

  void fields(Fields& fields) {
    constexpr std::int64_t most = 1'000'000'000;
    fields
        .add("maximum_labels_per_resource", &maximum_labels_per_resource,
             "An event with a resource of more labels is rejected, as by Prefect")
        .range(0, most)
        .also_set_by({"PREFECT_SERVER_EVENTS_MAXIMUM_LABELS_PER_RESOURCE",
                      "PREFECT_EVENTS_MAXIMUM_LABELS_PER_RESOURCE"});
    fields
        .add("maximum_related_resources", &maximum_related_resources,
             "An event with more related resources is rejected, as by Prefect")
        .range(0, most)
        .also_set_by({"PREFECT_SERVER_EVENTS_MAXIMUM_RELATED_RESOURCES",
                      "PREFECT_EVENTS_MAXIMUM_RELATED_RESOURCES"});
    fields
        .add("maximum_event_name_length", &maximum_event_name_length,
             "An event whose name has more characters is rejected, as by Prefect")
        .range(1, most)
        .also_set_by({"PREFECT_SERVER_EVENTS_MAXIMUM_EVENT_NAME_LENGTH"});
  }
};

}  // namespace hangar::prefect
