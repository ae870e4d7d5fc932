#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hangar {

/// What `hangar publish` finds out about a line.
struct PublishDefaults {
  bool json = false;
  std::string subject;  ///< Where Prefect's own publisher would send it.
  std::string id;       ///< The event's id, for `Nats-Msg-Id`; empty when it has none.
};

/// An event whose name begins with `prefect.task-run` goes to `prefect.events.task-run`, any other
/// event to `prefect.events.other`, and what is no event to `prefect.events.task-run`, so that it
/// is rejected with a reason instead of being ignored.
PublishDefaults publish_defaults(std::string_view line);

/// Where a line stops being JSON.
struct JsonFault {
  std::size_t column;  ///< From 1, in bytes.
  std::string what;
};
std::optional<JsonFault> json_fault(std::string_view line);

/// The events of a line that holds several of them, each as it is written there: of a JSON array,
/// or of the `events` of what Prefect's API answers, `{"events": […]}`. Nothing for any other line.
std::optional<std::vector<std::string_view>> events_of(std::string_view line);

/// Throws ConfigError unless messages can be published to `subject`; `setting` is shown. Wildcards
/// are refused: the server stores such a message, and nobody who filters by
/// `prefect.events.task-run` reads it.
void check_publish_subject(std::string_view subject, std::string_view setting);

/// The stream that a subject `prefect.<topic>.…` belongs to, `PREFECT_<TOPIC>`.
std::optional<std::string> stream_of_subject(std::string_view subject);

}  // namespace hangar
