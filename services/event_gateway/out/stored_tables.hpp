#pragma once

#include "hangar/table.hpp"
#include "prefect/event_tables.hpp"

namespace hangar::gateway {

/// Prefect's tables as the gateway needs them, which writes nothing there.
inline Table that_is_read(Table table) {
  table.erased = false;
  table.read_only = true;
  return table;
}

inline const Table& stored_events() {
  static const Table table = that_is_read(prefect::events_table());
  return table;
}

inline const Table& stored_resources() {
  static const Table table = that_is_read(prefect::event_resources_table());
  return table;
}

}  // namespace hangar::gateway
