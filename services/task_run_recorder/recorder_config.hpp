#pragma once

#include <cstdint>
#include <vector>

#include "hangar/config.hpp"
#include "hangar/service.hpp"
#include "prefect/event_limit_settings.hpp"

namespace hangar::recorder {

/// Prefect's own number, by Prefect's name.
inline constexpr std::int64_t default_persist_max_retries = 5;

/// What a user sets of the recorder. Prefect's own names of the same settings are read too.
struct RecorderConfig : ReaderConfig {
  std::int64_t lanes = 2;
  std::int64_t max_persist_retries = default_persist_max_retries;
  std::vector<Duration> orphan_retry_delays{Duration{1'000}, Duration{5'000}, Duration{15'000},
                                            Duration{30'000}};

  prefect::EventLimitSettings event_limits;

  RecorderConfig()
      : ReaderConfig{"PREFECT_EVENTS", "prefect.events.task-run", "events-task-run-recorder"} {
    batch_size = 5'000;  // where a larger one saves a database no more
  }

  void fields(Fields& fields) {
    ReaderConfig::fields(fields);
    // With fewer events a transaction a database is busy with committing.
    fields.at("batch_size")
        .also_set_by({"PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE"}, 50);
    fields.at("flush_interval")
        .also_set_by({"PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL"});
    fields.add("lanes", &lanes, "Transactions in progress at the same time; on SQLite there is one")
        .range(1, 64);
    fields
        .add("max_persist_retries", &max_persist_retries,
             "How often an event that fails alone for an unknown reason is tried again")
        .range(0, 1'000);
    fields.add("orphan_retry_delays", &orphan_retry_delays,
               "When an event whose flow run is missing is tried again before it is rejected");
    event_limits.fields(fields);
    fields.watch(
        {.prefixes = {"PREFECT_SERVER_EVENTS_", "PREFECT_EVENTS_", "PREFECT_API_EVENTS_",
                      "PREFECT_MESSAGING_", "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_",
                      "PREFECT_API_SERVICES_TASK_RUN_RECORDER_"},
         // What etc/docs/prefect.md tells to set for Prefect's own server and services.
         .left_alone = {"PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED",
                        "PREFECT_API_SERVICES_TASK_RUN_RECORDER_ENABLED",
                        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER", "PREFECT_MESSAGING_BROKER",
                        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE", "PREFECT_MESSAGING_CACHE",
                        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING"},
         .blocks = {{"PREFECT_SERVER", "events"},
                    {"PREFECT_SERVER", "task_run_recorder"},
                    {"PREFECT_SERVER_EVENTS"},
                    {"PREFECT_SERVER_SERVICES", "task_run_recorder"},
                    {"PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER"}}});
  }
};

}  // namespace hangar::recorder
