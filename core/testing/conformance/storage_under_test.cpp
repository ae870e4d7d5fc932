#include "storage_under_test.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>

#include "hangar/plugin.hpp"
#include "plugin/build_difference.hpp"

namespace hangar::conformance {
namespace {

constexpr const char* usage =
    "conformance PLUGIN.so URL [--create COMMAND] [--drop COMMAND] [--without FEATURE]… "
    "[--gtest_…]\n"
    "Runs every law of a storage on empty databases of its own.\n"
    "URL        what a user would write as storage.url; {name} in it is another name each time,\n"
    "           {folder} a new folder that is deleted, and {VARIABLE} what the environment has\n"
    "--create   a command of the shell that makes the database {name}\n"
    "--drop     one that deletes it\n"
    "--without  what the storage has not: `indexes`, those that are not unique, or `references`,\n"
    "           from one table to another; tests of it are shown as skipped";

constexpr std::array<std::string_view, 2> features{"indexes", "references"};

}  // namespace

void StorageUnderTest::load(const std::vector<std::string>& words) {
  std::vector<std::string> plain;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (!word->starts_with("--")) {
      plain.push_back(*word);
      continue;
    }
    const std::string& option = *word;
    if (++word == words.end()) throw UsageError{usage};
    if (option == "--create") {
      form_.create = *word;
    } else if (option == "--drop") {
      form_.drop = *word;
    } else if (option == "--without" && std::ranges::count(features, *word) > 0) {
      lacking_.insert(*word);
    } else {
      throw UsageError{usage};
    }
  }
  if (plain.size() != 2) throw UsageError{usage};
  form_.url = plain.back();
  load_plugin(plain.front());
}

void StorageUnderTest::load_plugin(const std::string& path) {
  if (const auto reason = refuse_build(path)) throw std::runtime_error{path + ": " + *reason};
  // Never closed: what the plugin's exceptions and objects are made of stays.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error{dlerror()};
  const void* symbol = dlsym(library, "hangar_plugin");
  if (symbol == nullptr) throw std::runtime_error{dlerror()};
  const auto* plugin = static_cast<const Plugin*>(symbol);
  if (plugin->kind != Plugin::Kind::storage) throw std::runtime_error{path + " is no storage"};
  plugin_ = plugin;
}

std::string_view StorageUnderTest::name() const noexcept { return plugin_->name; }

std::unique_ptr<FreshDatabase> StorageUnderTest::fresh_database() const {
  return std::make_unique<FreshDatabase>(form_);
}

std::unique_ptr<Storage> StorageUnderTest::open(const std::string& url) const {
  StorageOptions options;
  options.url = url;
  options.application_name = "conformance";
  return std::unique_ptr<Storage>{plugin_->make_storage(options)};
}

std::optional<std::string> StorageUnderTest::lacks(std::string_view feature) const {
  if (!lacking_.contains(feature)) return std::nullopt;
  return std::string{name()} + " is said to have no " + std::string{feature};
}

StorageUnderTest& storage_under_test() {
  static StorageUnderTest instance;
  return instance;
}

}  // namespace hangar::conformance
