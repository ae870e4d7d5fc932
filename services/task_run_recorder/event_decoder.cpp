#include "event_decoder.hpp"

#include "task_run.hpp"

namespace hangar::recorder {
namespace {

/// Whether the recorder counts it: `prefect.task-run*` from a client's orchestration.
bool is_client_task_run(const prefect::ReceivedEvent& event) noexcept {
  return event.event.starts_with("prefect.task-run") && event.orchestration == "client";
}

}  // namespace

std::optional<TaskRunEvent> EventDecoder::decode(std::string_view json, Timestamp now,
                                                 std::pmr::memory_resource& texts) {
  const prefect::FieldReader reader{texts, now, storage_limits_};
  const prefect::JsonValue root = document_.parse(json);
  const prefect::ReceivedEvent event = prefect::read_event(reader, root, event_limits_);
  if (!is_client_task_run(event)) return std::nullopt;
  return db_recordable_task_run_from_event(reader, root, event, scratch_);
}

}  // namespace hangar::recorder
