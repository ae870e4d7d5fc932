#include "config/candidate.hpp"

#include <algorithm>

namespace hangar {

Candidate candidate_from_text(const Field& field, const std::string& text) {
  Candidate candidate;
  candidate.field = &field;
  if (!is_list(field)) {
    candidate.texts.push_back({text});
    return candidate;
  }
  constexpr std::string_view blanks = " \t\r\n";
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string element = text.substr(begin, end - begin);
    if (const std::size_t first = element.find_first_not_of(blanks); first != std::string::npos) {
      candidate.texts.push_back(
          {element.substr(first, element.find_last_not_of(blanks) - first + 1)});
    }
    begin = end + 1;
  }
  return candidate;
}

}  // namespace hangar
