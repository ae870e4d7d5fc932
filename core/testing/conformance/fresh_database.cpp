#include "fresh_database.hpp"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace hangar::conformance {
namespace {

std::filesystem::path new_folder() {
  std::string form = std::filesystem::temp_directory_path() / "hangar_conformance_XXXXXX";
  if (mkdtemp(form.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
  return form;
}

std::string new_name() {
  static int count = 0;
  return "conformance_" + std::to_string(getpid()) + "_" + std::to_string(++count);
}

void run(const std::string& command) {
  if (command.empty()) return;
  if (const int status = std::system(command.c_str()); status != 0) {
    throw std::runtime_error{command + ": status " + std::to_string(status)};
  }
}

}  // namespace

FreshDatabase::FreshDatabase(const DatabaseForm& form)
    : form_{form}, folder_{new_folder()}, name_{new_name()} {
  run(filled(form_.create));
}

FreshDatabase::~FreshDatabase() {
  try {
    run(filled(form_.drop));
  } catch (const std::runtime_error&) {
    // The whole server is about to go.
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string FreshDatabase::url() const { return filled(form_.url); }

std::string FreshDatabase::filled(const std::string& form) const {
  std::string text;
  std::size_t from = 0;
  for (std::size_t open = form.find('{'); open != form.npos; open = form.find('{', from)) {
    const std::size_t close = form.find('}', open);
    if (close == form.npos) break;
    const std::string word = form.substr(open + 1, close - open - 1);
    text += form.substr(from, open - from);
    if (word == "name") {
      text += name_;
    } else if (word == "folder") {
      text += folder_.string();
    } else if (const char* value = std::getenv(word.c_str())) {
      text += value;
    } else {
      throw std::runtime_error{"the variable " + word + " is not set"};
    }
    from = close + 1;
  }
  return text + form.substr(from);
}

}  // namespace hangar::conformance
