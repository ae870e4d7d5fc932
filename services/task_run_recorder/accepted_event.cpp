#include "accepted_event.hpp"

#include <random>
#include <string>

#include "prefect/uuid.hpp"
#include "present.hpp"
#include "record.hpp"

namespace hangar::recorder {
namespace {

Uuid random_uuid() {
  std::random_device random;
  Uuid id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
  return id;
}

PackedEvent pack(const TaskRunEvent& event, std::vector<std::byte>& memory) {
  memory.resize(PackedEvent::size(event));
  return {event, memory.data()};
}

}  // namespace

AcceptedEvent::AcceptedEvent(const PackedEvent& event) : event_{pack(event.unpack(), memory_)} {}

bool AcceptedEvent::goes_in_again(Session& session) const {
  TaskRunEvent event = event_.unpack();
  event.run_id = random_uuid();
  const std::string key = [&] {
    std::string text;
    prefect::append_uuid(text, event.run_id);
    return text;
  }();
  event.run[task_run::dynamic_key] = std::string_view{key};
  std::vector<std::byte> memory;
  for (int change = 0; change < 2; ++change) {
    event.run[task_run::state_id] = random_uuid();
    event.run[task_run::state_timestamp] = event.state_timestamp() + Interval{change};
    if (record_task_run_event(session, pack(event, memory), present()) != Verdict::recorded) {
      return false;
    }
  }
  return true;
}

}  // namespace hangar::recorder
