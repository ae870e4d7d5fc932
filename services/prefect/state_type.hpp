#pragma once

#include <array>
#include <string_view>

namespace hangar::prefect {

/// One of Prefect's types of state.
struct StateType {
  std::string_view word;  ///< As it stands in events and in the database.
  std::string_view name;  ///< What a state of the type is called when its event gives no name.
};

/// In the order of Prefect's enumeration `state_type`.
inline constexpr std::array<StateType, 9> state_types{{{"SCHEDULED", "Scheduled"},
                                                       {"PENDING", "Pending"},
                                                       {"RUNNING", "Running"},
                                                       {"COMPLETED", "Completed"},
                                                       {"FAILED", "Failed"},
                                                       {"CANCELLED", "Cancelled"},
                                                       {"CRASHED", "Crashed"},
                                                       {"PAUSED", "Paused"},
                                                       {"CANCELLING", "Cancelling"}}};

}  // namespace hangar::prefect
