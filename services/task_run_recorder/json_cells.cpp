#include "json_cells.hpp"

#include <array>
#include <optional>
#include <vector>

#include "prefect/json/json_members.hpp"
#include "prefect/json/json_text.hpp"
#include "prefect/json/number.hpp"
#include "prefect/uuid.hpp"

namespace hangar::recorder {

namespace {

using Kind = prefect::JsonValue::Kind;

constexpr std::uint32_t most_retry_delays = 50;

/// Python's `value != 0`, where a missing value is 0.
bool differs_from_zero(prefect::JsonValue value) {
  if (!value) return false;
  const bool number = value.is(Kind::boolean) || value.is(Kind::integer) || value.is(Kind::real);
  return !number || prefect::FieldReader::is_truthy(value);
}

/// How well a value fits a type; among several that fit, the best is taken.
enum class Fit { lax, strict, exact };

Fit fit_as_real(prefect::JsonValue value) {
  if (value.is(Kind::real)) return Fit::exact;
  return value.is(Kind::integer) ? Fit::strict : Fit::lax;
}

void append_numbers(std::string& out, const std::vector<std::string>& numbers) {
  out += '[';
  for (const std::string& number : numbers) {
    if (&number != &numbers.front()) out += ", ";
    out += number;
  }
  out += ']';
}

std::string real_text(double number) {
  std::string text;
  prefect::append_json_real(text, number);
  return text;
}

void append_retry_delays(std::string& out, prefect::JsonValue delays) {
  bool integers = true;
  bool exact_integers = true;
  bool reals = true;
  Fit real_fit = Fit::exact;
  std::vector<std::string> integer_texts;
  std::vector<std::string> real_texts;
  delays.each_element([&](prefect::JsonValue delay) {
    const auto digits = prefect::FieldReader::try_integer(delay);
    const auto number = prefect::FieldReader::try_real(delay);
    integers = integers && digits;
    exact_integers = exact_integers && delay.is(Kind::integer);
    reals = reals && number;
    real_fit = std::min(real_fit, fit_as_real(delay));
    if (integers) integer_texts.push_back(*digits);
    if (reals) real_texts.push_back(real_text(*number));
  });
  if (!integers && !reals) reject(delays, "wrong_type", "these are no delays in seconds");
  if (delays.size() > most_retry_delays) {
    reject(delays, "too_long", "there are more than 50 retry delays");
  }
  const bool as_integers = integers && (exact_integers || !reals || real_fit == Fit::lax);
  append_numbers(out, as_integers ? integer_texts : real_texts);
}

/// None, an integer, a number, or a list of either: the type that fits best.
void append_retry_delay(std::string& out, prefect::JsonValue delay) {
  if (!delay || delay.is_null()) {
    out += "null";
  } else if (delay.is(Kind::array)) {
    append_retry_delays(out, delay);
  } else if (delay.is(Kind::real)) {
    prefect::append_json_real(out, prefect::to_real(delay.token()));
  } else if (const auto digits = prefect::FieldReader::try_integer(delay)) {
    out += *digits;
  } else if (const auto number = prefect::FieldReader::try_real(delay)) {
    prefect::append_json_real(out, *number);
  } else {
    reject(delay, "wrong_type", "this is no delay in seconds");
  }
}

/// One input; which of the four kinds it is follows from `input_type` or else from what it has.
void append_task_input(std::string& out, prefect::JsonValue input) {
  enum Member : std::size_t { type_of_input, id, name, type, count };
  static constexpr prefect::MemberNames<count> names{
      std::array<std::string_view, count>{"input_type", "id", "name", "type"}};
  const auto values = names.pick(prefect::FieldReader::object(input));
  const auto has_text = [&](Member member) {
    return values[member] && values[member].is(Kind::string);
  };
  std::array<std::byte, 64> buffer;
  std::pmr::monotonic_buffer_resource memory{buffer.data(), buffer.size()};
  const std::string_view wanted =
      has_text(type_of_input) ? values[type_of_input].text(memory) : std::string_view{};
  const auto is_type = [&](std::string_view word) {
    return !values[type_of_input] || wanted == word;
  };
  const auto append = [&](std::string_view word, std::string_view key, prefect::JsonValue text) {
    out.append(R"({"input_type": ")").append(word).append(R"(", ")").append(key).append("\": ");
    prefect::append_json_string(out, text);
    out += '}';
  };
  if (is_type("parameter") && has_text(name)) return append("parameter", "name", values[name]);
  if (is_type("constant") && has_text(type)) return append("constant", "type", values[type]);
  for (const std::string_view word : {"task_run", "flow_run"}) {
    if (!is_type(word)) continue;
    if (!values[id]) reject_missing(input, "id");
    out.append(R"({"input_type": ")").append(word).append(R"(", "id": ")");
    prefect::append_uuid(out, prefect::FieldReader::uuid(values[id]));
    out += "\"}";
    return;
  }
  reject(input, "wrong_type", "this is no task_run, flow_run, parameter or constant");
}

}  // namespace

void append_empirical_policy(std::string& out, prefect::JsonValue policy) {
  enum Member : std::size_t {
    max_retries,
    retry_delay_seconds,
    retries,
    retry_delay,
    retry_jitter_factor,
    count
  };
  static constexpr prefect::MemberNames<count> names{std::array<std::string_view, count>{
      "max_retries", "retry_delay_seconds", "retries", "retry_delay", "retry_jitter_factor"}};
  auto values = names.pick(prefect::FieldReader::object(policy));
  if (!prefect::FieldReader::is_truthy(values[retries]) && differs_from_zero(values[max_retries])) {
    values[retries] = values[max_retries];
  }
  if (!prefect::FieldReader::is_truthy(values[retry_delay]) &&
      differs_from_zero(values[retry_delay_seconds])) {
    values[retry_delay] = values[retry_delay_seconds];
  }
  out += R"({"max_retries": )";
  out += values[max_retries] ? prefect::FieldReader::integer(values[max_retries]) : "0";
  out += R"(, "retry_delay_seconds": )";
  prefect::append_json_real(out, values[retry_delay_seconds]
                                     ? prefect::FieldReader::real(values[retry_delay_seconds])
                                     : 0.0);
  out += R"(, "retries": )";
  out += values[retries] && !values[retries].is_null()
             ? prefect::FieldReader::integer(values[retries])
             : "null";
  out += R"(, "retry_delay": )";
  append_retry_delay(out, values[retry_delay]);
  out += R"(, "retry_jitter_factor": )";
  const prefect::JsonValue jitter = values[retry_jitter_factor];
  if (!jitter || jitter.is_null()) {
    out += "null";
  } else {
    const double factor = prefect::FieldReader::real(jitter);
    if (factor < 0) reject(jitter, "out_of_range", "a jitter factor is not negative");
    prefect::append_json_real(out, factor);
  }
  out += '}';
}

void append_task_inputs(std::string& out, prefect::JsonValue inputs) {
  out += '{';
  if (prefect::FieldReader::object(inputs).size() > 0) {
    bool first = true;
    for (const auto& member : prefect::JsonMembers{inputs}) {
      if (!first) out += ", ";
      first = false;
      prefect::append_json_string(out, member.key);
      out += ": [";
      bool first_input = true;
      prefect::FieldReader::array(member.value).each_element([&](prefect::JsonValue input) {
        if (!first_input) out += ", ";
        first_input = false;
        append_task_input(out, input);
      });
      out += ']';
    }
  }
  out += '}';
}

void append_tags(std::string& out, prefect::JsonValue tags) {
  out += '[';
  bool first = true;
  prefect::FieldReader::array(tags).each_element([&](prefect::JsonValue tag) {
    prefect::FieldReader::string(tag);
    if (!first) out += ", ";
    first = false;
    prefect::append_json_string(out, tag);
  });
  out += ']';
}

void append_labels(std::string& out, prefect::JsonValue labels) {
  out += '{';
  if (prefect::FieldReader::object(labels).size() > 0) {
    bool first = true;
    for (const auto& member : prefect::JsonMembers{labels}) {
      const Kind kind = member.value.kind();
      if (kind == Kind::null || kind == Kind::array || kind == Kind::object) {
        reject(member.value, "wrong_type", "a label is a boolean, a number or a string");
      }
      if (!first) out += ", ";
      first = false;
      prefect::append_json_string(out, member.key);
      out += ": ";
      prefect::append_json(out, member.value);
    }
  }
  out += '}';
}

void append_string_map(std::string& out, prefect::JsonValue map, bool stored) {
  out += '{';
  bool first = true;
  for (const auto& member : prefect::JsonMembers{prefect::FieldReader::object(map)}) {
    prefect::FieldReader::string(member.value);
    if (!stored) continue;
    if (!first) out += ", ";
    first = false;
    prefect::append_json_string(out, member.key);
    out += ": ";
    prefect::append_json_string(out, member.value);
  }
  out += '}';
}

}  // namespace hangar::recorder
