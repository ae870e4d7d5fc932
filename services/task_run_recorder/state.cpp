#include "state.hpp"

#include <array>

#include "json_cells.hpp"
#include "json_members.hpp"
#include "json_text.hpp"
#include "uuid.hpp"

namespace hangar::recorder {

namespace {

/// Writes the members of state_details in the order of the model, each with its default where the
/// event says nothing.
class DetailsWriter {
 public:
  enum Member : std::size_t {
    flow_run_id,
    task_run_id,
    child_flow_run_id,
    scheduled_time,
    cache_key,
    cache_expiration,
    deferred,
    untrackable_result,
    pause_timeout,
    pause_reschedule,
    pause_key,
    run_input_keyset,
    refresh_cache,
    retriable,
    transition_id,
    task_parameters_id,
    traceparent,
    deployment_concurrency_lease_id,
    count
  };
  /// What stands in front of each value.
  static constexpr std::array<std::string_view, count> keys{
      R"(, "flow_run_id": )",       R"(, "task_run_id": )",
      R"(, "child_flow_run_id": )", R"(, "scheduled_time": )",
      R"(, "cache_key": )",         R"(, "cache_expiration": )",
      R"(, "deferred": )",          R"(, "untrackable_result": )",
      R"(, "pause_timeout": )",     R"(, "pause_reschedule": )",
      R"(, "pause_key": )",         R"(, "run_input_keyset": )",
      R"(, "refresh_cache": )",     R"(, "retriable": )",
      R"(, "transition_id": )",     R"(, "task_parameters_id": )",
      R"(, "traceparent": )",       R"(, "deployment_concurrency_lease_id": )"};
  static constexpr std::array<std::string_view, count> all = [] {
    auto names = keys;
    for (std::string_view& name : names) name = name.substr(3, name.size() - 6);
    return names;
  }();

  DetailsWriter(const FieldReader& reader, JsonValue details, bool stored, std::string& out)
      : reader_{reader}, stored_{stored}, out_{out} {
    static constexpr MemberNames<count> names{all};
    if (details) values_ = names.pick(FieldReader::object(details));
    out_.clear();
  }

  void write(const StateOrigin& origin, bool scheduled) {
    if (origin.keeps_flow_run_id) {
      uuid(flow_run_id);
    } else {
      check_uuid(flow_run_id);
      key(flow_run_id);
      if (origin.flow_run_id) {
        append_quoted(*origin.flow_run_id);
      } else {
        out_ += "null";
      }
    }
    check_uuid(task_run_id);
    key(task_run_id);
    task_run_id_at_ = out_.size() + 1;
    append_quoted(origin.task_run_id);
    uuid(child_flow_run_id);
    time(scheduled_time, scheduled);
    text(cache_key);
    time(cache_expiration);
    boolean(deferred, false, true);
    boolean(untrackable_result, false, false);
    time(pause_timeout);
    boolean(pause_reschedule, false, false);
    text(pause_key);
    key(run_input_keyset);
    if (says(run_input_keyset)) {
      append_string_map(out_, values_[run_input_keyset], stored_);
    } else {
      out_ += "null";
    }
    boolean(refresh_cache, std::nullopt, true);
    boolean(retriable, std::nullopt, true);
    uuid(transition_id);
    uuid(task_parameters_id);
    text(traceparent);
    uuid(deployment_concurrency_lease_id);
    out_ += '}';
  }

  [[nodiscard]] std::size_t task_run_id_at() const noexcept { return task_run_id_at_; }

 private:
  [[nodiscard]] bool says(Member member) const noexcept {
    return values_[member] && !values_[member].is_null();
  }
  void key(Member member) {
    if (out_.empty()) {
      out_.append(1, '{').append(keys[member].substr(2));
    } else {
      out_ += keys[member];
    }
  }
  void append_quoted(const Uuid& id) {
    out_ += '"';
    append_uuid(out_, id);
    out_ += '"';
  }
  void check_uuid(Member member) const {
    if (says(member)) FieldReader::uuid(values_[member]);
  }
  void uuid(Member member) {
    key(member);
    if (says(member)) {
      append_quoted(FieldReader::uuid(values_[member]));
    } else {
      out_ += "null";
    }
  }
  void text(Member member) {
    key(member);
    if (!says(member)) {
      out_ += "null";
    } else {
      FieldReader::string(values_[member]);
      if (stored_) append_json_string(out_, values_[member]);
    }
  }
  void time(Member member, bool now_if_missing = false) {
    key(member);
    if (!says(member) && !now_if_missing) {
      out_ += "null";
      return;
    }
    out_ += '"';
    append_time(out_, says(member) ? reader_.time(values_[member]) : ZonedTime::utc(reader_.now()));
    out_ += '"';
  }
  void boolean(Member member, std::optional<bool> missing, bool nullable) {
    key(member);
    const JsonValue value = values_[member];
    std::optional<bool> flag = missing;
    if (value && nullable && value.is_null()) {
      flag = std::nullopt;
    } else if (value) {
      flag = FieldReader::boolean(value);
    }
    out_ += !flag ? "null" : *flag ? "true" : "false";
  }

  const FieldReader& reader_;
  bool stored_;
  std::string& out_;
  std::array<JsonValue, count> values_;
  std::size_t task_run_id_at_ = 0;
};

/// The words of a type: `PENDING` is `Pending`.
std::string_view words_of(std::string_view type) noexcept {
  constexpr std::array<std::array<std::string_view, 2>, 9> names{{{"SCHEDULED", "Scheduled"},
                                                                  {"PENDING", "Pending"},
                                                                  {"RUNNING", "Running"},
                                                                  {"COMPLETED", "Completed"},
                                                                  {"FAILED", "Failed"},
                                                                  {"CANCELLED", "Cancelled"},
                                                                  {"CRASHED", "Crashed"},
                                                                  {"PAUSED", "Paused"},
                                                                  {"CANCELLING", "Cancelling"}}};
  for (const auto& [word, name] : names) {
    if (word == type) return name;
  }
  return type;
}

}  // namespace

State read_state(const FieldReader& reader, JsonValue object, const StateOrigin& origin,
                 std::string& scratch) {
  enum Member : std::size_t { id, type, name, timestamp, message, data, state_details, count };
  static constexpr MemberNames<count> names{std::array<std::string_view, count>{
      "id", "type", "name", "timestamp", "message", "data", "state_details"}};
  const auto values = names.pick(FieldReader::object(object));
  const auto says = [&](Member member) { return values[member] && !values[member].is_null(); };

  State state;
  state.id = values[id] ? FieldReader::uuid(values[id]) : origin.id;
  if (!values[type]) reject_missing(object, "type");
  state.type = FieldReader::state_type(values[type]);
  state.name = says(name) ? reader.text(values[name]) : words_of(state.type);
  if (says(message)) state.message = reader.text(values[message]);
  const ZonedTime time = values[timestamp] ? reader.time(values[timestamp]) : origin.timestamp;
  DetailsWriter details{reader, values[state_details], origin.stored, scratch};
  details.write(origin, state.type == "SCHEDULED");
  if (!origin.stored) return state;

  for (const Member member : {name, message}) {
    if (says(member)) FieldReader::refuse_nul(values[member]);
  }
  state.timestamp =
      FieldReader::instant(time, values[timestamp] ? values[timestamp] : origin.timestamp_source);
  char* const text = reader.keep(scratch);
  state.details = {text, scratch.size()};
  state.details_task_run_id = text + details.task_run_id_at();
  if (says(data)) {
    scratch.clear();
    append_json(scratch, values[data]);
  }
  // A number that is not finite becomes null, and null is stored as no data at all.
  if (says(data) && scratch != "null") {
    state.data = std::string_view{reader.keep(scratch), scratch.size()};
  }
  return state;
}

}  // namespace hangar::recorder
