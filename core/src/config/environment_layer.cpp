#include "config/environment_layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "config/read_file.hpp"
#include "hangar/error.hpp"
#include "text/nearest.hpp"

namespace hangar {
namespace {

Candidate from_variable(const Field& field, const std::string& name, const std::string& text) {
  Candidate candidate = candidate_from_text(field, text);
  candidate.origin = "environment " + name;
  candidate.label = name;
  return candidate;
}

bool belongs_to_refused(const std::string& name, const Sections& sections) {
  return std::ranges::any_of(sections.refused, [&](const std::string& service) {
    return name.starts_with(environment_name("services." + service + "."));
  });
}

}  // namespace

std::vector<std::string> read_environment_layer(const Environment& environment,
                                                const Sections& sections, Candidates& candidates,
                                                Problems& problems) {
  std::vector<std::string> known;
  for (const auto& [path, field] : entries(sections)) {
    const std::string name = known.emplace_back(environment_name(path));
    const std::string value = variable(environment, name);
    if (!value.empty()) candidates.insert_or_assign(path, from_variable(*field, name, value));
    if (!is_confidential(*field)) continue;

    const std::string file_name = known.emplace_back(name + "_FILE");
    const std::string file = variable(environment, file_name);
    if (file.empty()) continue;
    if (!value.empty()) {
      problems.add(fmt::format("{} and {} are both set: unset one", name, file_name));
      continue;
    }
    try {
      candidates.insert_or_assign(path, from_variable(*field, file_name, read_secret_file(file)));
    } catch (const ConfigError& error) {
      problems.add(file_name + ": " + error.what());
    }
  }

  std::vector<std::string> warnings;
  for (auto variable = environment.lower_bound("HANGAR_");
       variable != environment.end() && variable->first.starts_with("HANGAR_"); ++variable) {
    const std::string& name = variable->first;
    if (std::ranges::count(known, name) == 0 && !is_foreign_variable(name) &&
        !belongs_to_refused(name, sections)) {
      warnings.push_back(
          fmt::format("{} is no setting of Hangar{}", name, did_you_mean(name, known)));
    }
  }
  return warnings;
}

void read_other_variables(const Environment& environment, const Sections& sections,
                          Candidates& candidates) {
  for (const auto& [path, field] : entries(sections)) {
    if (candidates.contains(path)) continue;
    for (const std::string& name : field->other_variables) {
      const std::string value = variable(environment, name);
      if (value.empty()) continue;
      Candidate candidate = from_variable(*field, name, value);
      candidate.of_others = true;
      candidate.least_advised = field->least_advised;
      candidates.emplace(path, std::move(candidate));
      break;
    }
  }
}

}  // namespace hangar
