#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hangar {

/// What `hangar publish` finds out about a line.
struct PublishFacts {
  bool json = false;
  std::string subject;  ///< Where Prefect's own publisher would send it.
  std::string id;       ///< The event's id, for `Nats-Msg-Id`; empty when it has none.
};

/// An event whose name begins with `prefect.task-run` goes to `prefect.events.task-run`, any other
/// event to `prefect.events.other`, and what is no event to `prefect.events.task-run`, so that it
/// is rejected with a reason instead of being ignored.
PublishFacts publish_facts(std::string_view line);

/// The stream that a subject `prefect.<topic>.…` belongs to, `PREFECT_<TOPIC>`.
std::optional<std::string> stream_of_subject(std::string_view subject);

}  // namespace hangar
