#include "config/list_elements.hpp"

#include <algorithm>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/trim.hpp>

namespace hangar {
namespace {

std::string_view trimmed(std::string_view text) {
  return boost::algorithm::trim_copy_if(text, boost::algorithm::is_any_of(" \t\r\n"));
}

}  // namespace

std::vector<std::string> list_elements(std::string_view text) {
  text = trimmed(text);
  std::vector<std::string> elements;
  const bool paths = text.starts_with('/');
  std::size_t whole = 0;         // where the last element with a scheme begins, else the text
  std::size_t whole_number = 0;  // which one that is
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view element = text.substr(begin, end - begin);
    if (element.find("://") != element.npos) {
      whole = begin;
      whole_number = elements.size();
    } else if (!paths && element.find('@') != element.npos) {
      elements.resize(whole_number);
      begin = whole;
    }
    if (const auto kept = trimmed(text.substr(begin, end - begin)); !kept.empty()) {
      elements.emplace_back(kept);
    }
    begin = end + 1;
  }
  return elements;
}

}  // namespace hangar
