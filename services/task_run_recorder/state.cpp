#include "state.hpp"

#include <array>

#include "json_cells.hpp"
#include "prefect/json/json_members.hpp"
#include "prefect/json/json_text.hpp"
#include "prefect/uuid.hpp"

namespace hangar::recorder {

namespace {

/// Writes the members of state_details, each with its default where the event says nothing. Their
/// order is the one in which PostgreSQL keeps them, by length and then by bytes: sorting them would
/// be a twelfth of all that it does for a state.
class DetailsWriter {
 public:
  enum Member : std::size_t {
    deferred,
    cache_key,
    pause_key,
    retriable,
    flow_run_id,
    task_run_id,
    traceparent,
    pause_timeout,
    refresh_cache,
    transition_id,
    scheduled_time,
    cache_expiration,
    pause_reschedule,
    run_input_keyset,
    child_flow_run_id,
    task_parameters_id,
    untrackable_result,
    deployment_concurrency_lease_id,
    count
  };
  /// What stands in front of each value.
  static constexpr std::array<std::string_view, count> keys{
      R"(, "deferred": )",           R"(, "cache_key": )",
      R"(, "pause_key": )",          R"(, "retriable": )",
      R"(, "flow_run_id": )",        R"(, "task_run_id": )",
      R"(, "traceparent": )",        R"(, "pause_timeout": )",
      R"(, "refresh_cache": )",      R"(, "transition_id": )",
      R"(, "scheduled_time": )",     R"(, "cache_expiration": )",
      R"(, "pause_reschedule": )",   R"(, "run_input_keyset": )",
      R"(, "child_flow_run_id": )",  R"(, "task_parameters_id": )",
      R"(, "untrackable_result": )", R"(, "deployment_concurrency_lease_id": )"};
  static constexpr std::array<std::string_view, count> all = [] {
    auto names = keys;
    for (std::string_view& name : names) name = name.substr(3, name.size() - 6);
    return names;
  }();

  DetailsWriter(const prefect::FieldReader& reader, prefect::JsonValue details, bool stored,
                std::string& out)
      : reader_{reader}, stored_{stored}, out_{out} {
    static constexpr prefect::MemberNames<count> names{all};
    if (details) values_ = names.pick(prefect::FieldReader::object(details));
    out_.clear();
  }

  void write(const StateOrigin& origin, bool scheduled) {
    boolean(deferred, false, true);
    text(cache_key);
    text(pause_key);
    boolean(retriable, std::nullopt, true);
    write_ids(origin);
    text(traceparent);
    time(pause_timeout);
    boolean(refresh_cache, std::nullopt, true);
    uuid(transition_id);
    time(scheduled_time, scheduled);
    if (scheduled && !says(scheduled_time)) basis_ = Cell::Basis::generated;
    time(cache_expiration);
    boolean(pause_reschedule, false, false);
    key(run_input_keyset);
    if (says(run_input_keyset)) {
      append_string_map(out_, values_[run_input_keyset], stored_);
    } else {
      out_ += "null";
    }
    uuid(child_flow_run_id);
    uuid(task_parameters_id);
    boolean(untrackable_result, false, false);
    uuid(deployment_concurrency_lease_id);
    out_ += '}';
  }

  /// Where the id of the run stands, and that of the flow run if there is one.
  [[nodiscard]] std::size_t task_run_id_at() const noexcept { return task_run_id_at_; }
  [[nodiscard]] std::size_t flow_run_id_at() const noexcept { return flow_run_id_at_; }
  [[nodiscard]] Cell::Basis basis() const noexcept { return basis_; }

 private:
  void write_ids(const StateOrigin& origin) {
    if (origin.keeps_flow_run_id) {
      uuid(flow_run_id);
    } else {
      check_uuid(flow_run_id);
      key(flow_run_id);
      flow_run_id_at_ = out_.size() + 1;
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
  }
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
    prefect::append_uuid(out_, id);
    out_ += '"';
  }
  void check_uuid(Member member) const {
    if (says(member)) prefect::FieldReader::uuid(values_[member]);
  }
  void uuid(Member member) {
    key(member);
    if (says(member)) {
      append_quoted(prefect::FieldReader::uuid(values_[member]));
    } else {
      out_ += "null";
    }
  }
  void text(Member member) {
    key(member);
    if (!says(member)) {
      out_ += "null";
    } else {
      prefect::FieldReader::string(values_[member]);
      if (stored_) prefect::append_json_string(out_, values_[member]);
    }
  }
  void time(Member member, bool now_if_missing = false) {
    key(member);
    if (!says(member) && !now_if_missing) {
      out_ += "null";
      return;
    }
    out_ += '"';
    prefect::append_time(out_, says(member) ? reader_.time(values_[member])
                                            : prefect::ZonedTime::utc(reader_.now()));
    out_ += '"';
  }
  void boolean(Member member, std::optional<bool> missing, bool nullable) {
    key(member);
    const prefect::JsonValue value = values_[member];
    std::optional<bool> flag = missing;
    if (value && nullable && value.is_null()) {
      flag = std::nullopt;
    } else if (value) {
      flag = prefect::FieldReader::boolean(value);
    }
    out_ += !flag ? "null" : *flag ? "true" : "false";
  }

  const prefect::FieldReader& reader_;
  bool stored_;
  std::string& out_;
  std::array<prefect::JsonValue, count> values_;
  std::size_t task_run_id_at_ = 0;
  std::size_t flow_run_id_at_ = 0;
  Cell::Basis basis_ = Cell::Basis::stated;
};

/// The details of a state whose event tells none of them, with ids to be written over.
class SilentDetails {
 public:
  static const SilentDetails& of(bool in_flow_run) {
    static const std::array<SilentDetails, 2> both{SilentDetails{false}, SilentDetails{true}};
    return both.at(in_flow_run ? 1 : 0);
  }
  void append(std::string& out, const Uuid& task_run_id,
              const std::optional<Uuid>& flow_run_id) const {
    const std::size_t begin = out.size();
    out += text_;
    if (flow_run_id) prefect::write_uuid(*flow_run_id, &out[begin + flow_run_id_at_]);
    prefect::write_uuid(task_run_id, &out[begin + task_run_id_at_]);
  }

 private:
  explicit SilentDetails(bool in_flow_run) {
    std::pmr::monotonic_buffer_resource unused;
    const StorageLimits none;
    const prefect::FieldReader reader{unused, Timestamp{}, none};
    StateOrigin origin;
    if (in_flow_run) origin.flow_run_id.emplace();
    DetailsWriter details{reader, {}, true, text_};
    details.write(origin, false);
    task_run_id_at_ = details.task_run_id_at();
    flow_run_id_at_ = details.flow_run_id_at();
  }

  std::string text_;
  std::size_t task_run_id_at_ = 0;
  std::size_t flow_run_id_at_ = 0;
};

}  // namespace

State read_state(const prefect::FieldReader& reader, prefect::JsonValue object,
                 const StateOrigin& origin, std::string& scratch) {
  enum Member : std::size_t { id, type, name, timestamp, message, data, state_details, count };
  static constexpr prefect::MemberNames<count> names{std::array<std::string_view, count>{
      "id", "type", "name", "timestamp", "message", "data", "state_details"}};
  const auto values = names.pick(prefect::FieldReader::object(object));
  const auto says = [&](Member member) { return values[member] && !values[member].is_null(); };

  State state;
  state.id = values[id] ? prefect::FieldReader::uuid(values[id]) : origin.id;
  if (!values[type]) reject_missing(object, "type");
  const prefect::StateType& of_type = prefect::FieldReader::state_type(values[type]);
  state.type = of_type.word;
  state.name = says(name) ? reader.text(values[name]) : of_type.name;
  if (says(message)) state.message = reader.text(values[message]);
  const prefect::ZonedTime time =
      values[timestamp] ? reader.time(values[timestamp]) : origin.timestamp;
  const bool scheduled = state.type == "SCHEDULED";
  const bool silent =
      !scheduled &&
      (!values[state_details] || prefect::FieldReader::object(values[state_details]).size() == 0);
  DetailsWriter details{reader, silent ? prefect::JsonValue{} : values[state_details],
                        origin.stored, scratch};
  if (!silent) details.write(origin, scheduled);
  if (!origin.stored) return state;

  for (const Member member : {name, message}) {
    if (says(member)) prefect::FieldReader::refuse_nul(values[member]);
  }
  state.timestamp = prefect::FieldReader::instant(
      time, values[timestamp] ? values[timestamp] : origin.timestamp_source);
  if (silent) {
    if (!origin.keeps_flow_run_id) state.details_flow_run_id = origin.flow_run_id;
  } else {
    char* const text = reader.keep(scratch);
    state.details = {text, scratch.size()};
    state.details_task_run_id = text + details.task_run_id_at();
    state.details_basis = details.basis();
  }
  if (!values[timestamp]) state.timestamp_basis = origin.timestamp_basis;
  if (says(data)) {
    scratch.clear();
    prefect::append_json(scratch, values[data]);
  }
  // A number that is not finite becomes null, and null is stored as no data at all.
  if (says(data) && scratch != "null") {
    state.data = std::string_view{reader.keep(scratch), scratch.size()};
  }
  return state;
}

void append_silent_details(std::string& out, const Uuid& task_run_id,
                           const std::optional<Uuid>& flow_run_id) {
  SilentDetails::of(flow_run_id.has_value()).append(out, task_run_id, flow_run_id);
}

}  // namespace hangar::recorder
