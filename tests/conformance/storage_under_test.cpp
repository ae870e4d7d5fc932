#include "storage_under_test.hpp"

#include <dlfcn.h>

#include <stdexcept>

#include "hangar/plugin.hpp"
#include "plugin/build_difference.hpp"

namespace hangar::conformance {

void StorageUnderTest::load(const char* path) {
  if (const auto reason = refuse_build(path)) {
    throw std::runtime_error{std::string{path} + ": " + *reason};
  }
  // Never closed: what the plugin's exceptions and objects are made of stays.
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error{dlerror()};
  const void* symbol = dlsym(library, "hangar_plugin");
  if (symbol == nullptr) throw std::runtime_error{dlerror()};
  const auto* plugin = static_cast<const Plugin*>(symbol);
  if (plugin->kind != Plugin::Kind::storage) {
    throw std::runtime_error{std::string{path} + " is no storage"};
  }
  plugin_ = plugin;
}

std::string_view StorageUnderTest::name() const noexcept { return plugin_->name; }

std::unique_ptr<FreshDatabase> StorageUnderTest::fresh_database() const {
  return make_fresh_database(name());
}

std::unique_ptr<Storage> StorageUnderTest::open(const std::string& url) const {
  StorageOptions options;
  options.url = url;
  options.application_name = "conformance";
  return std::unique_ptr<Storage>{plugin_->make_storage(options)};
}

StorageUnderTest& storage_under_test() {
  static StorageUnderTest instance;
  return instance;
}

}  // namespace hangar::conformance
