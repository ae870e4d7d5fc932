#include "event_file.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace hangar::bench {

EventFile::EventFile(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{"cannot read " + path};
  content_.resize(std::filesystem::file_size(path));
  file.read(content_.data(), static_cast<std::streamsize>(content_.size()));
  std::string_view rest{content_};
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    events_.push_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}

}  // namespace hangar::bench
