#include "config/load.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "config/candidate.hpp"
#include "config/environment_layer.hpp"
#include "config/file_layer.hpp"
#include "config/interpolate.hpp"
#include "hangar/error.hpp"
#include "text/nearest.hpp"
#include "text/one_line.hpp"

namespace hangar {
namespace {

bool sets_a_refused_service(std::string_view path, const Sections& sections) {
  return std::ranges::any_of(sections.refused, [&](const std::string& service) {
    return path.starts_with("services." + service + ".");
  });
}

void read_flag_layer(const std::vector<std::string>& sets, const Sections& sections,
                     Candidates& candidates, Problems& problems) {
  const std::vector<Entry> all = entries(sections);
  for (const std::string& set : sets) {
    const std::size_t equals = set.find('=');
    if (equals == 0 || equals == std::string::npos) {
      problems.add("--set: expected PATH=VALUE, for example nats.url=nats://127.0.0.1:4222");
      continue;
    }
    const std::string path = set.substr(0, equals);
    const auto entry = std::ranges::find(all, path, &Entry::path);
    if (entry != all.end()) {
      Candidate candidate = candidate_from_text(*entry->field, set.substr(equals + 1));
      candidate.origin = "flag --set";
      candidate.label = "--set " + path;
      candidates.insert_or_assign(path, std::move(candidate));
    } else if (!sets_a_refused_service(path, sections)) {
      std::vector<std::string> known;
      for (const Entry& each : all) known.push_back(each.path);
      problems.add(
          fmt::format("--set: unknown key {}{}", in_quotes(path), did_you_mean(path, known)));
    }
  }
}

/// Whether the text of a variable or a flag was meant to be expanded. A password may begin with
/// almost anything.
bool is_unread_expression(const Candidate& candidate, const std::string& text) {
  if (candidate.form == Form::file || candidate.of_others) return false;
  const bool secret = std::holds_alternative<Secret*>(candidate.field->target);
  return secret ? text.starts_with("${file:") : has_expression(text);
}

/// The value of the candidate that won, or nothing and a problem.
std::optional<Value> read_winner(const std::string& path, const Candidate& candidate,
                                 const Environment& environment, Problems& problems,
                                 std::vector<std::string>& warnings) {
  const Field& field = *candidate.field;
  const auto add = [&](const Candidate::Text& text, const std::string& what) {
    if (text.place.file.empty()) {
      problems.add(candidate.label + ": " + what);
    } else {
      problems.add(text.place, path + ": " + what);
    }
  };
  std::vector<std::string> texts;
  for (const Candidate::Text& text : candidate.texts) {
    const bool expression = candidate.form == Form::file && has_expression(text.text);
    if (text.quoted && !expression && is_number_or_bool(field)) {
      add(text, fmt::format("expected {}, found the string {}: remove the quotes",
                            expectation(field), in_quotes(text.text)));
      return std::nullopt;
    }
    if (is_unread_expression(candidate, text.text)) {
      add(text, fmt::format("`${{…}}` is expanded in a configuration file only: write the value "
                            "itself here (in a URL a `$` as %24){}",
                            is_confidential(field) ? ", or name a file that holds it in " +
                                                         environment_name(path) + "_FILE"
                                                   : ""));
      return std::nullopt;
    }
    try {
      texts.push_back(
          one_line(candidate.form == Form::file ? interpolate(text.text, environment) : text.text));
    } catch (const ConfigError& error) {
      add(text, error.what());
      return std::nullopt;
    }
  }
  Parsed parsed = parse_value(field, texts, candidate.form);
  if (!parsed.value && candidate.of_others) {
    // It was meant for another program, which may take more.
    parsed.value = nearest_value(field, texts);
    if (parsed.value) {
      warnings.push_back(fmt::format("{} sets {} to {}, beyond {}: the nearest is taken",
                                     candidate.label, path, in_quotes(texts.front()),
                                     bounds(field)));
    }
  }
  if (!parsed.value) {
    const Candidate::Text& fault = candidate.texts.at(parsed.fault);
    // What an expression stands for may be a secret that landed in the wrong place.
    const bool shown =
        !is_confidential(field) && !(candidate.form == Form::file && has_expression(fault.text));
    add(fault, fmt::format("expected {}{}", expectation(field),
                           shown ? ", found " + in_quotes(fault.text) : ""));
  }
  return std::move(parsed.value);
}

Candidates read_layers(const Sections& sections, const LoadInputs& inputs, Problems& problems,
                       std::vector<std::string>& warnings) {
  Candidates candidates;
  for (const auto& file : inputs.files) read_file_layer(file, sections, candidates, problems);
  warnings = read_environment_layer(inputs.environment, sections, candidates, problems);
  read_flag_layer(inputs.sets, sections, candidates, problems);
  read_other_variables(inputs.environment, sections, candidates);
  return candidates;
}

/// Finds the variables that are set for nothing, and names the empty ones behind the origins.
void note_variables(const Sections& sections, const Environment& environment, Loaded& loaded) {
  std::set<std::string> taken;
  const auto note = [&](const std::string& path, const std::string& name) {
    const auto found = environment.find(name);
    if (found == environment.end() || !found->second.empty()) return;
    loaded.empty.insert(name);
    loaded.origins[path] += fmt::format("; {} is empty", name);
  };
  for (const auto& [path, field] : entries(sections)) {
    note(path, environment_name(path));
    if (is_confidential(*field)) note(path, environment_name(path) + "_FILE");
    for (const std::string& name : field->other_variables) {
      note(path, name);
      taken.insert(name);
    }
  }
  for (const OtherSettings& settings : watched(sections)) {
    for (const std::string& name : variables_of(settings, environment)) {
      if (taken.contains(name)) continue;
      (environment.at(name).empty() ? loaded.empty : loaded.untaken).insert(name);
    }
  }
}

/// The fields that the block may be about and that nothing of Hangar's own sets.
std::vector<std::string> without_own(const OtherSettings::Block& block, const Sections& sections,
                                     const Candidates& candidates) {
  const std::string prefix = block.variable + "_";
  std::vector<std::string> paths;
  for (const auto& [path, field] : entries(sections)) {
    const bool about = std::ranges::any_of(field->other_variables, [&](const std::string& name) {
      return name.starts_with(prefix) && name.find(in_upper_case(block.word)) != name.npos;
    });
    const auto candidate = candidates.find(path);
    const bool own = candidate != candidates.end() && !candidate->second.of_others;
    if (about && !own) paths.push_back(path);
  }
  return paths;
}

void refuse_blocks(const Sections& sections, const Environment& environment,
                   const Candidates& candidates, Loaded& loaded, Problems& problems) {
  for (const OtherSettings& settings : watched(sections)) {
    for (const OtherSettings::Block& block : blocks_of(settings, environment)) {
      const auto paths = without_own(block, sections, candidates);
      if (paths.empty()) {
        loaded.untaken.insert(block.variable);
      } else {
        problems.add(block_refusal(block, fmt::format("{}", fmt::join(paths, ", "))));
      }
    }
  }
}

}  // namespace

Loaded load(const Sections& sections, const LoadInputs& inputs, const SettingsCheck& check) {
  Problems problems;
  for (const std::string& collision : check_collisions(sections)) problems.add(collision);

  Loaded loaded;
  const Candidates candidates = read_layers(sections, inputs, problems, loaded.warnings);
  std::vector<std::pair<const Field*, Value>> values;
  for (const auto& [path, candidate] : candidates) {
    if (auto value = read_winner(path, candidate, inputs.environment, problems, loaded.warnings)) {
      if (const auto* number = std::get_if<std::int64_t>(&*value);
          number != nullptr && *number < candidate.least_advised) {
        loaded.warnings.push_back(fmt::format(
            "{} sets {} to {}, which is slow here: set {} to {} or more, or not at all",
            candidate.label, path, *number, environment_name(path), candidate.least_advised));
      }
      values.emplace_back(candidate.field, *std::move(value));
    }
  }
  for (const Entry& entry : entries(sections)) loaded.origins[entry.path] = "default";
  for (const auto& [path, candidate] : candidates) {
    loaded.origins[path] = candidate.origin;
    const Place place = candidate.texts.empty() ? Place{} : candidate.texts.front().place;
    loaded.set[path] = {place, candidate.label};
  }
  note_variables(sections, inputs.environment, loaded);
  refuse_blocks(sections, inputs.environment, candidates, loaded, problems);
  std::vector<std::pair<const Field*, Value>> before;
  for (const auto& [field, value] : values) {
    before.emplace_back(field, present(*field));
    assign(*field, value);
  }
  if (check) check(loaded, problems);
  if (!problems.empty()) {
    for (const auto& [field, value] : before) assign(*field, value);
  }
  problems.raise();
  return loaded;
}

std::optional<Value> peek(const Sections& sections, const std::string& path,
                          const LoadInputs& inputs) {
  Problems ignored;
  std::vector<std::string> warnings;
  const Candidates candidates = read_layers(sections, inputs, ignored, warnings);
  const auto found = candidates.find(path);
  if (found == candidates.end()) return std::nullopt;
  return read_winner(path, found->second, inputs.environment, ignored, warnings);
}

}  // namespace hangar
