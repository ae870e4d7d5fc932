#include "config/candidate.hpp"

#include <utility>

#include "config/list_elements.hpp"

namespace hangar {

Candidate candidate_from_text(const Field& field, const std::string& text) {
  Candidate candidate;
  candidate.field = &field;
  if (!is_list(field)) {
    candidate.texts.push_back({text});
    return candidate;
  }
  for (std::string& element : list_elements(text)) candidate.texts.push_back({std::move(element)});
  return candidate;
}

}  // namespace hangar
