#include "out/search_query.hpp"

#include <algorithm>
#include <utility>

#include "out/unicode_text.hpp"

namespace hangar::gateway {
namespace {

std::string_view first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  return text.substr(0, lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4);
}

/// How many bytes of white space the text begins with.
std::size_t blank_bytes(std::string_view text) {
  const std::string_view character = first_character(text);
  return is_blank(code_points(character).front()) ? character.size() : 0;
}

std::string unescaped_phrase(std::string_view phrase) {
  std::string made;
  for (std::size_t i = 0; i < phrase.size(); ++i) {
    const bool escape = phrase[i] == '\\' && i + 1 < phrase.size() &&
                        (phrase[i + 1] == '"' || phrase[i + 1] == '\\');
    made += escape ? phrase[++i] : phrase[i];
  }
  return made;
}

bool is_all_blank(std::string_view text) {
  return std::ranges::all_of(code_points(text), is_blank);
}

/// Takes a phrase in quotes off the text, which begins behind the first of them.
std::string next_phrase(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != '"') {
    end += text[end] == '\\' && end + 1 < text.size() ? 2U : 1U;
  }
  end = std::min(end, text.size());
  std::string phrase = unescaped_phrase(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return is_all_blank(phrase) ? std::string{} : phrase;
}

/// Takes a word off the text: up to white space or a quote.
std::string next_term(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != '"' && blank_bytes(text.substr(end)) == 0) {
    end += first_character(text.substr(end)).size();
  }
  std::string term{text.substr(0, end)};
  text.remove_prefix(end);
  return term;
}

}  // namespace

SearchQuery SearchQuery::parse(std::string_view query) {
  SearchQuery made;
  while (!query.empty()) {
    if (const std::size_t blank = blank_bytes(query); blank > 0) {
      query.remove_prefix(blank);
      continue;
    }
    std::vector<std::string>* list = &made.include;
    if (query.front() == '-' || query.front() == '!' || query.front() == '+') {
      list = query.front() == '+' ? &made.required : &made.exclude;
      query.remove_prefix(1);
      // Before white space it says nothing.
      if (query.empty() || blank_bytes(query) > 0) continue;
    }
    std::string found;
    if (query.front() == '"') {
      query.remove_prefix(1);
      found = next_phrase(query);
    } else {
      found = next_term(query);
    }
    if (found.empty()) continue;
    found = lower(found);
    if (std::ranges::find(*list, found) == list->end()) list->push_back(std::move(found));
  }
  return made;
}

bool SearchQuery::matches(std::string_view lower_text, MatchSteps& steps) const {
  const auto has = [&](const std::string& term) {
    return find_bytes(lower_text, term, steps) != std::string_view::npos;
  };
  return (include.empty() || std::ranges::any_of(include, has)) &&
         std::ranges::none_of(exclude, has) && std::ranges::all_of(required, has);
}

}  // namespace hangar::gateway
