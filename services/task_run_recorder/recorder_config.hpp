#pragma once

#include <cstdint>
#include <vector>

#include "hangar/config.hpp"
#include "hangar/service.hpp"

namespace hangar::recorder {

/// What a user sets of the recorder. Prefect's own names of the same settings are read too.
struct RecorderConfig : ServiceConfig {
  std::int64_t lanes = 2;
  std::int64_t max_persist_retries = 5;
  std::vector<hangar::Duration> orphan_retry_delays{
      hangar::Duration{1'000}, hangar::Duration{5'000}, hangar::Duration{15'000},
      hangar::Duration{30'000}};

  RecorderConfig() {
    filter_subject = "prefect.events.task-run";
    durable = "events-task-run-recorder";
    batch_size = 5'000;  // where a larger one saves a database no more
  }

  void fields(Fields& fields) {
    ServiceConfig::fields(fields);
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
  }
};

}  // namespace hangar::recorder
