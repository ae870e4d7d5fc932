#include "task_run.hpp"

#include <span>

#include "json_cells.hpp"
#include "prefect/json/json_members.hpp"
#include "prefect/json/unicode.hpp"
#include "prefect/uuid.hpp"
#include "run_name.hpp"

namespace hangar::recorder {

namespace {

using Kind = prefect::JsonValue::Kind;

// The default of Prefect's setting server.tasks.max_cache_key_length.
constexpr std::size_t longest_cache_key = 2000;

/// Reads the members of the payload's task_run into columns; what is not there stays absent.
class ColumnReader {
 public:
  using Column = recorder::task_run::Column;
  using enum recorder::task_run::Column;
  /// Behind the columns: what is no column of its own.
  enum Other : std::size_t {
    estimated_run_time = column_count,
    estimated_start_time_delta,
    state,
    member_count
  };

  ColumnReader(const prefect::FieldReader& reader, prefect::JsonValue object, TaskRun& run,
               Scratch& scratch)
      : reader_{reader}, object_{object}, run_{run}, scratch_{scratch} {
    static constexpr prefect::MemberNames<member_count> names{[] {
      std::array<std::string_view, member_count> all{};
      for (std::size_t i = 0; i < column_count; ++i) all[i] = recorder::task_run::columns[i].name;
      all[estimated_run_time] = "estimated_run_time";
      all[estimated_start_time_delta] = "estimated_start_time_delta";
      all[state] = "state";
      return all;
    }()};
    values_ = names.pick(object);
  }

  [[nodiscard]] prefect::JsonValue operator[](std::size_t member) const noexcept {
    return values_[member];
  }

  void read() {
    read_identity();
    optional_text(cache_key);
    optional_text(task_version);
    check_cache_key();
    integer(run_count);
    integer(flow_run_run_count);
    optional_time(expected_start_time);
    optional_time(next_scheduled_start_time);
    optional_time(start_time);
    optional_time(end_time);
    optional_time(cache_expiration);
    if (values_[total_run_time]) {
      run_.columns[total_run_time] = prefect::FieldReader::interval(values_[total_run_time]);
    }
    json(empirical_policy, append_empirical_policy, &scratch_.empirical_policy);
    json(tags, append_tags, &scratch_.tags);
    json(task_inputs, append_task_inputs);
    if (says(labels)) {
      json(labels, append_labels, &scratch_.labels);
    } else if (values_[labels]) {
      run_.columns[labels] = Cell::null();
    }
    check_unwritten();
  }

 private:
  [[nodiscard]] bool says(std::size_t member) const noexcept {
    return values_[member] && !values_[member].is_null();
  }

  void read_identity() {
    if (values_[id]) run_.id = prefect::FieldReader::uuid(values_[id]);
    if (says(flow_run_id)) {
      run_.flow_run_id = prefect::FieldReader::uuid(values_[flow_run_id]);
    } else if (values_[flow_run_id]) {
      run_.flow_run_id.reset();
    }
    run_.task_key = key(task_key);
    run_.dynamic_key = key(dynamic_key);
    run_.columns[flow_run_id] = run_.flow_run_id ? Cell{*run_.flow_run_id} : Cell::null();
    run_.columns[task_key] = run_.task_key;
    run_.columns[dynamic_key] = run_.dynamic_key;
    if (values_[name]) run_.columns[name] = name_of_run();
  }

  std::string_view key(Column member) const {
    if (!values_[member]) reject_missing(object_, recorder::task_run::columns[member].name);
    const std::string_view text = reader_.text(values_[member]);
    prefect::FieldReader::refuse_nul(values_[member]);
    return text;
  }

  /// A name that Python counts as false is replaced by a generated one.
  [[nodiscard]] std::string_view name_of_run() const {
    if (!prefect::FieldReader::is_truthy(values_[name])) {
      const std::string generated = generated_name(run_.id);
      return {reader_.keep(generated), generated.size()};
    }
    const std::string_view text = reader_.text(values_[name]);
    prefect::FieldReader::refuse_nul(values_[name]);
    return text;
  }

  void optional_text(Column column) {
    if (!values_[column]) return;
    if (values_[column].is_null()) {
      run_.columns[column] = Cell::null();
      return;
    }
    run_.columns[column] = reader_.text(values_[column]);
    prefect::FieldReader::refuse_nul(values_[column]);
  }

  void check_cache_key() const {
    if (!says(cache_key)) return;
    const std::string_view text = run_.columns[cache_key].text();
    if (text.size() > longest_cache_key && prefect::count_code_points(text) > longest_cache_key) {
      reject(values_[cache_key], "too_long", "a cache key has more than 2,000 characters");
    }
  }

  void integer(Column column) {
    if (values_[column]) run_.columns[column] = prefect::FieldReader::int4(values_[column]);
  }

  void optional_time(Column column) {
    if (!values_[column]) return;
    run_.columns[column] =
        values_[column].is_null()
            ? Cell::null()
            : Cell{prefect::FieldReader::instant(reader_.time(values_[column]), values_[column])};
  }

  void json(Column column, void (*append)(std::string&, prefect::JsonValue),
            prefect::KnownJson* known = nullptr) {
    const prefect::JsonValue value = values_[column];
    if (!value) return;
    // The token of a string is without its quotes.
    if (value.is(Kind::string)) known = nullptr;
    const std::string* stored = known != nullptr ? known->find(value.token()) : nullptr;
    if (stored == nullptr) {
      scratch_.text.clear();
      append(scratch_.text, value);
      if (known != nullptr) known->keep(value.token(), scratch_.text);
      stored = &scratch_.text;
    }
    run_.columns[column] = std::string_view{reader_.keep(*stored), stored->size()};
  }

  /// Members that are validated like the others but never written.
  void check_unwritten() const {
    for (const auto member : {created, updated}) {
      if (says(member)) static_cast<void>(reader_.time(values_[member]));
    }
    for (const auto member : {estimated_run_time, estimated_start_time_delta}) {
      if (values_[member]) prefect::FieldReader::duration(values_[member]);
    }
    if (says(state_id)) prefect::FieldReader::uuid(values_[state_id]);
    if (says(state_type)) prefect::FieldReader::state_type(values_[state_type]);
    if (says(state_name)) prefect::FieldReader::string(values_[state_name]);
  }

  const prefect::FieldReader& reader_;
  prefect::JsonValue object_;
  TaskRun& run_;
  Scratch& scratch_;
  std::array<prefect::JsonValue, member_count> values_;
};

Uuid id_of_resource(const prefect::FieldReader& reader, prefect::JsonValue id,
                    std::string_view kind) {
  const std::string_view text = id.text(reader.texts());
  if (!text.starts_with(kind)) {
    reject(id, "wrong_kind", "the id does not start with " + std::string{kind});
  }
  const auto uuid = prefect::parse_resource_uuid(text.substr(kind.size()));
  if (!uuid) reject(id, "invalid_uuid", "the id does not end in a UUID");
  return *uuid;
}

struct PayloadParts {
  prefect::JsonValue validated_state;
  prefect::JsonValue task_run;
};

PayloadParts read_payload(prefect::JsonValue root, const prefect::ReceivedEvent& event) {
  static constexpr std::array<std::string_view, 2> all{"validated_state", "task_run"};
  static constexpr prefect::MemberNames<2> names{all};
  if (!event.payload) reject_missing(root, "payload");
  const auto values = names.pick(event.payload);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!values[i]) reject_missing(event.payload, all[i]);
    prefect::FieldReader::object(values[i]);
  }
  return {values[0], values[1]};
}

bool fits_index(const StorageLimits& limits, std::span<const Cell> values) {
  return limits.index_takes == nullptr || limits.index_takes(values);
}

std::string_view too_long_for_index(const StorageLimits& limits, const TaskRun& run) {
  const std::array key{run.flow_run_id ? Cell{*run.flow_run_id} : Cell::null(), Cell{run.task_key},
                       Cell{run.dynamic_key}};
  if (!fits_index(limits, key)) return "task_key and dynamic_key";
  const Cell& name = run.columns[recorder::task_run::name];
  if (name.absent()) return {};
  return fits_index(limits, {&name, 1}) ? "" : "the name of the run";
}

}  // namespace

TaskRun task_run_from_event(const prefect::FieldReader& reader, prefect::JsonValue root,
                            const prefect::ReceivedEvent& event, Scratch& scratch) {
  TaskRun run;
  run.id = id_of_resource(reader, event.resource_id, "prefect.task-run.");
  if (event.flow_run_resource_id) {
    run.flow_run_id = id_of_resource(reader, event.flow_run_resource_id, "prefect.flow-run.");
  }
  const PayloadParts payload = read_payload(root, event);
  ColumnReader columns{reader, payload.task_run, run, scratch};

  const prefect::JsonValue own_state = columns[ColumnReader::state];
  StateOrigin origin{.id = event.id,
                     .timestamp = event.occurred,
                     .timestamp_source = event.occurred_source,
                     .task_run_id = run.id,
                     .flow_run_id = run.flow_run_id,
                     .stored = !own_state};
  run.state = read_state(reader, payload.validated_state, origin, scratch.text);
  if (own_state) {
    // A state inside the payload's task_run replaces the validated one. What it lacks the reference
    // makes up anew at each delivery; here it is the same each time.
    origin.timestamp = prefect::ZonedTime::utc(reader.now());
    origin.timestamp_basis = Cell::Basis::generated;
    origin.keeps_flow_run_id = true;
    origin.stored = true;
    run.state = read_state(reader, own_state, origin, scratch.text);
  }
  columns.read();
  if (run.state.details_task_run_id != nullptr) {
    prefect::write_uuid(run.id, run.state.details_task_run_id);
  }
  return run;
}

TaskRunEvent db_recordable_task_run_from_event(const prefect::FieldReader& reader,
                                               prefect::JsonValue root,
                                               const prefect::ReceivedEvent& event,
                                               Scratch& scratch) {
  const TaskRun run = task_run_from_event(reader, root, event, scratch);
  const Cell state_name{run.state.name};
  if (!fits_index(reader.limits(), {&state_name, 1})) {
    reject(root, "index_row_too_large",
           "the database has no room for the name of the state in a row of an index");
  }
  TaskRunEvent result;
  result.run_id = run.id;
  result.too_long_for_index = too_long_for_index(reader.limits(), run);
  result.run = run.columns;
  namespace c = recorder::task_run;
  result.run[c::state_id] = run.state.id;
  result.run[c::state_type] = run.state.type;
  result.run[c::state_name] = run.state.name;
  result.run[c::state_timestamp] = Cell{run.state.timestamp}.on(run.state.timestamp_basis);
  const auto nullable = [](const std::optional<std::string_view>& text) {
    return text ? Cell{*text} : Cell::null();
  };
  result.state_message = nullable(run.state.message);
  if (!run.state.details.empty()) {
    result.state_details = Cell{run.state.details}.on(run.state.details_basis);
    result.details_task_run_id_at =
        static_cast<std::int32_t>(run.state.details_task_run_id - run.state.details.data());
  }
  result.details_flow_run_id = run.state.details_flow_run_id;
  result.state_data = nullable(run.state.data);
  return result;
}

}  // namespace hangar::recorder
