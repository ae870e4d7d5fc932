#pragma once

#include <string>

#include "prefect/field_reader.hpp"
#include "prefect/json/json_document.hpp"

/// The JSON columns of a run: each function checks a value of the payload's task_run as the
/// reference does and appends what it stores.
namespace hangar::recorder {

/// A retry policy, whole: absent members have their defaults, `max_retries` and
/// `retry_delay_seconds` fill an empty `retries` and `retry_delay`.
void append_empirical_policy(std::string& out, prefect::JsonValue policy);

/// Where the inputs of the run come from: lists of task runs, flow runs, parameters and constants.
void append_task_inputs(std::string& out, prefect::JsonValue inputs);

/// A list of strings.
void append_tags(std::string& out, prefect::JsonValue tags);

/// Names with booleans, numbers and strings.
void append_labels(std::string& out, prefect::JsonValue labels);

/// Names with strings, as in a state's run_input_keyset. If not `stored` it is only checked as a
/// model and what is appended means nothing.
void append_string_map(std::string& out, prefect::JsonValue map, bool stored);

}  // namespace hangar::recorder
