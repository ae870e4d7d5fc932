#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hangar/config.hpp"

namespace hangar::persister {

/// When stored events are deleted, as Prefect's own settings say it
/// (prefect.settings.models.server.services: ServerServicesDBVacuumSettings).
struct VacuumSettings {
  Duration retention_period = std::chrono::hours{7 * 24};
  std::vector<std::string> enabled{"events"};
  Duration loop_seconds = std::chrono::hours{1};
  std::int64_t batch_size = 200;
  std::string event_retention_overrides = R"({"prefect.flow-run.heartbeat": 604800})";

  void fields(Fields& fields) {
    constexpr std::int64_t a_century = 100LL * 366 * 24 * 3'600'000;
    fields.add("retention_period", &retention_period, "How old an event becomes; older are deleted")
        .range(0, a_century)
        .also_set_by({"PREFECT_SERVER_EVENTS_RETENTION_PERIOD", "PREFECT_EVENTS_RETENTION_PERIOD"});
    Fields& vacuum = fields.group("db_vacuum", "Deletes old events, with Prefect's settings of it");
    const std::string prefect = "PREFECT_SERVER_SERVICES_DB_VACUUM_";
    vacuum
        .add("enabled", &enabled,
             "Prefect's list of what is deleted; without `events` nothing is, by this service")
        .also_set_by({prefect + "ENABLED"});
    vacuum.add("loop_seconds", &loop_seconds, "How often old events are deleted")
        .range(100, 31LL * 24 * 3'600'000)
        .also_set_by({prefect + "LOOP_SECONDS"});
    vacuum
        .add("batch_size", &batch_size, "The most events of one transaction, with their resources")
        .range(1, 10'000)
        .also_set_by({prefect + "BATCH_SIZE"});
    vacuum
        .add("event_retention_overrides", &event_retention_overrides,
             "JSON: names of events that are kept for fewer seconds")
        .also_set_by({prefect + "EVENT_RETENTION_OVERRIDES"});
    fields.watch(
        {.prefixes = {prefect, "PREFECT_SERVER_EVENTS_RETENTION_"},
         .left_alone = {prefect + "ORPHAN_CLEANUP_LOOP_SECONDS", prefect + "RETENTION_PERIOD"},
         .blocks = {{"PREFECT_SERVER_SERVICES_DB_VACUUM"},
                    {"PREFECT_SERVER_SERVICES", "db_vacuum"}}});
  }
};

}  // namespace hangar::persister
