// A storage that a project of its own builds from an installed Hangar, for test_package.py.
#include "hangar/plugin.hpp"
#include "hangar/storage.hpp"

namespace {

using Time = std::chrono::system_clock::time_point;

class Nowhere final : public hangar::Storage {
 public:
  void prepare(std::span<const hangar::Table* const>, hangar::Creation) override {}
  std::vector<hangar::Check> examine(std::span<const hangar::Table* const>,
                                     hangar::Creation) override {
    // A function of the host whose symbol names the kind of its string.
    return {hangar::check_clock("nowhere", Time{}, Time{}, Time{})};
  }
  std::unique_ptr<hangar::Session> open_session() override { return nullptr; }
};

constexpr hangar::Plugin nowhere() {
  hangar::Plugin plugin;
  plugin.kind = hangar::Plugin::Kind::storage;
  plugin.name = "nowhere";
  plugin.make_storage = [](const hangar::StorageOptions&) -> hangar::Storage* {
    return new Nowhere;  // NOLINT: as the boundary says
  };
  return plugin;
}

}  // namespace

HANGAR_PLUGIN(nowhere());
