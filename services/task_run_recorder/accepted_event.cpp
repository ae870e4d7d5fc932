#include "accepted_event.hpp"

#include <string>

#include "prefect/present.hpp"
#include "prefect/uuid.hpp"
#include "prefect/uuid_sequence.hpp"
#include "record.hpp"

namespace hangar::recorder {
namespace {

PackedEvent pack(const TaskRunEvent& event, std::vector<std::byte>& memory) {
  memory.resize(PackedEvent::size(event));
  return {event, memory.data()};
}

}  // namespace

AcceptedEvent::AcceptedEvent(const PackedEvent& event) : event_{pack(event.unpack(), memory_)} {}

bool AcceptedEvent::goes_in_again(Session& session) const {
  TaskRunEvent event = event_.unpack();
  prefect::UuidSequence ids{prefect::present()};
  event.run_id = ids.next();
  const std::string key = [&] {
    std::string text;
    prefect::append_uuid(text, event.run_id);
    return text;
  }();
  event.run[task_run::dynamic_key] = std::string_view{key};
  std::vector<std::byte> memory;
  for (int change = 0; change < 2; ++change) {
    event.run[task_run::state_id] = ids.next();
    event.run[task_run::state_timestamp] = event.state_timestamp() + Interval{change};
    if (record_task_run_event(session, pack(event, memory), prefect::present()) !=
        Verdict::recorded) {
      return false;
    }
  }
  return true;
}

}  // namespace hangar::recorder
