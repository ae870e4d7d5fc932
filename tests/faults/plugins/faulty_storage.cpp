// A storage that fails as `storage.url` says.
#include <array>
#include <stdexcept>
#include <string_view>

#include "hangar/plugin.hpp"
#include "hangar/storage.hpp"

namespace {

class FaultyStorage final : public hangar::Storage {
 public:
  void prepare(std::span<const hangar::Table* const>, hangar::Creation) override {}
  std::vector<hangar::Check> examine(std::span<const hangar::Table* const>,
                                     hangar::Creation) override {
    return {};
  }
  std::unique_ptr<hangar::Session> open_session() override { return nullptr; }
};

hangar::Storage* make(const hangar::StorageOptions& options) {
  if (options.url.ends_with("/faulty.db") || options.url.find("://") != options.url.npos) {
    throw hangar::ConfigError{"storage.url: given " + options.url};
  }
  if (options.url == "throws") throw std::runtime_error{"not made"};
  if (options.url == "throws_no_exception") throw 42;  // NOLINT: that is the fault
  if (options.url == "makes_nothing") return nullptr;
  return new FaultyStorage;  // NOLINT: as the boundary says
}

constexpr std::array schemes{std::string_view{"faulty"}, std::string_view{"wrong"}};

constexpr hangar::Plugin faulty_storage() {
  hangar::Plugin plugin;
  plugin.kind = hangar::Plugin::Kind::storage;
  plugin.name = "faulty_storage";
  plugin.make_storage = make;
  plugin.schemes = schemes;
  plugin.url_forms = "faulty://what";
  plugin.default_file = "faulty.db";
  return plugin;
}

}  // namespace

HANGAR_PLUGIN(faulty_storage());
