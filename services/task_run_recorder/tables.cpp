#include "tables.hpp"

#include "prefect/state_type.hpp"

namespace hangar::recorder {
namespace {

std::vector<std::string_view> state_type_words() {
  std::vector<std::string_view> words;
  for (const prefect::StateType& type : prefect::state_types) words.push_back(type.word);
  return words;
}

Index index(std::string_view name, std::size_t column) {
  return {.name = name, .parts = {{column}}};
}

Index descending(std::string_view name, std::size_t column) {
  return {.name = name, .parts = {{column, true}}};
}

Table make_task_run() {
  namespace c = task_run;
  return {
      .name = "task_run",
      .columns = {c::columns.begin(), c::columns.end()},
      .indexes = {{.name = "uq_task_run__flow_run_id_task_key_dynamic_key",
                   .parts = {{c::flow_run_id}, {c::task_key}, {c::dynamic_key}},
                   .unique = true},
                  descending("ix_task_run__end_time_desc", c::end_time),
                  descending("ix_task_run__expected_start_time_desc", c::expected_start_time),
                  index("ix_task_run__flow_run_id", c::flow_run_id),
                  index("ix_task_run__name", c::name),
                  index("ix_task_run__next_scheduled_start_time_asc", c::next_scheduled_start_time),
                  index("ix_task_run__start_time", c::start_time),
                  index("ix_task_run__state_id", c::state_id),
                  index("ix_task_run__state_name", c::state_name),
                  index("ix_task_run__state_timestamp", c::state_timestamp),
                  index("ix_task_run__state_type", c::state_type),
                  {.name = "ix_task_run__state_type_start_time",
                   .parts = {{c::state_type}, {c::start_time}},
                   .since = "Prefect 3.6"},
                  index("ix_task_run__updated", c::updated),
                  {.name = "trgm_ix_task_run_name", .parts = {{c::name}}, .trigram = true}},
      .foreign_keys = {},
      .enumeration_name = "state_type",
      .enumeration_values = state_type_words(),
      .versioned_by = c::state_timestamp,
      .owners = {{c::flow_run_id, "flow_run"}},
      .made_since = "Prefect 3.4.7",
  };
}

Table make_task_run_state() {
  namespace c = task_run_state;
  return {
      .name = "task_run_state",
      .columns = {c::columns.begin(), c::columns.end()},
      .indexes = {{.name = "uq_task_run_state__task_run_id_timestamp_desc",
                   .parts = {{c::task_run_id}, {c::timestamp, true}},
                   .unique = true},
                  index("ix_task_run_state__name", c::name),
                  index("ix_task_run_state__type", c::type),
                  index("ix_task_run_state__updated", c::updated),
                  index("ix_task_run_state__result_artifact_id", c::result_artifact_id),
                  {.name = "ix_task_run_state__type_name_timestamp",
                   .parts = {{c::type}, {c::name}, {c::timestamp}},
                   .storage = "sqlite",
                   .since = "Prefect 3.9"}},
      .foreign_keys = {{c::task_run_id, "task_run"}},
      .enumeration_name = "state_type",
      .enumeration_values = state_type_words(),
      .made_since = "Prefect 3.4.7",
  };
}

}  // namespace

const Table& task_run_table() {
  static const Table table = make_task_run();
  return table;
}

const Table& task_run_state_table() {
  static const Table table = make_task_run_state();
  return table;
}

const Table& flow_run_table() {
  static const Table table{.name = "flow_run",
                           .columns = {{"id", ColumnType::uuid, false}},
                           .indexes = {},
                           .foreign_keys = {}};
  return table;
}

}  // namespace hangar::recorder
