#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hangar/config.hpp"
#include "hangar/service.hpp"
#include "prefect/event_limit_settings.hpp"
#include "vacuum_settings.hpp"

namespace hangar::persister {

/// What a user sets of the persister. Prefect's settings of its own persister are about the queue
/// that it has in memory, and are not read.
struct PersisterConfig : ReaderConfig {
  std::int64_t lanes = 2;
  std::int64_t max_persist_retries = 5;
  prefect::EventLimitSettings event_limits;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  VacuumSettings vacuum;

  PersisterConfig() : ReaderConfig{"PREFECT_EVENTS", "prefect.events.>", "events-event-persister"} {
    enabled = false;
    // Of a task run's state somebody waits for the row, of an event hardly anybody: Prefect's own
    // persister lets one wait for 5 s. In larger transactions an event costs PostgreSQL less.
    flush_interval = Duration{500};
  }

  void fields(Fields& fields) {
    ReaderConfig::fields(fields);
    fields.add("lanes", &lanes, "Transactions in progress at the same time; on SQLite there is one")
        .range(1, 64);
    fields
        .add("max_persist_retries", &max_persist_retries,
             "How often an event that fails alone for an unknown reason is tried again")
        .range(0, 1'000);
    event_limits.fields(fields);
    fields.add("include", &include,
               "Names of the events that are stored, `*` for any characters; empty: all");
    fields.add("exclude", &exclude,
               "Names of events that are acked and not stored, `*` for any characters");
    vacuum.fields(fields);
  }
};

}  // namespace hangar::persister
