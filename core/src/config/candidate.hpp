#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/problems.hpp"
#include "config/value.hpp"

namespace hangar {

/// What one source wants a field to be, not read yet: only the one that wins is.
struct Candidate {
  struct Text {
    std::string text;
    Place place{};        ///< Of a value in a file.
    bool quoted = false;  ///< Written in quotes in a file.
  };
  const Field* field = nullptr;
  Form form = Form::text;
  std::string origin;  ///< As `config show` names it.
  std::string label;   ///< What a message begins with when there is no place: variable or flag.
  std::vector<Text> texts;
  bool of_others = false;          ///< From a variable of another program.
  std::int64_t least_advised = 0;  ///< A smaller number is worth a warning.
};

/// By dotted path. A source that wins over another writes over its candidates.
using Candidates = std::map<std::string, Candidate, std::less<>>;

/// A value that came as one text: for a list, its `list_elements`.
Candidate candidate_from_text(const Field& field, const std::string& text);

}  // namespace hangar
