#include "event_decoder.hpp"

#include "prefect/json/text_hash.hpp"
#include "prefect/present.hpp"
#include "task_run.hpp"

namespace hangar::recorder {
namespace {

/// Whether the recorder counts it: `prefect.task-run*` from a client's orchestration.
bool is_client_task_run(const prefect::ReceivedEvent& event) noexcept {
  return event.event.starts_with("prefect.task-run") && event.orchestration == "client";
}

std::uint64_t hash(char kind, std::string_view text, std::uint64_t seed = 0) {
  return prefect::hash_text(text, seed * 31 + static_cast<std::uint64_t>(kind));
}

std::string_view bytes(const Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

ItemNames names_of(const TaskRunEvent& event) {
  const std::uint64_t run = hash('r', bytes(event.run_id));
  std::uint64_t key = run;
  if (const auto natural = event.natural_key()) {
    key = hash('f', bytes(natural->flow_run_id));
    key = hash('k', natural->task_key, key);
    key = hash('d', natural->dynamic_key, key);
  }
  return {run, key, hash('s', bytes(event.state_id()))};
}

Decoded<PackedEvent> item_of(const TaskRunEvent& event, ItemMemory& memory) {
  return {.value = {event, memory.bytes(PackedEvent::size(event))},
          .names = names_of(event),
          .occurred = event.state_timestamp()};
}

std::optional<TaskRunEvent> EventDecoder::decode(std::string_view json, Timestamp now,
                                                 std::pmr::memory_resource& texts) {
  const prefect::FieldReader reader{texts, now, storage_limits_};
  const prefect::JsonValue root = document_.parse(json);
  const prefect::ReceivedEvent event = prefect::read_event(reader, root, event_limits_);
  if (!is_client_task_run(event)) return std::nullopt;
  return db_recordable_task_run_from_event(reader, root, event, scratch_);
}

std::optional<Decoded<PackedEvent>> EventDecoder::item(const Message& message, ItemMemory& memory) {
  texts_.release();
  const auto event = decode(message.data(), prefect::present(), texts_);
  return event ? std::optional{item_of(*event, memory)} : std::nullopt;
}

}  // namespace hangar::recorder
