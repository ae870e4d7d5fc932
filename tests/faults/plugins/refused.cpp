// A plugin that is refused for what it says of itself: HANGAR_TEST_FAULT.
#include <stdexcept>
#include <string_view>

#include "hangar/plugin.hpp"

namespace {

constexpr std::string_view fault = HANGAR_TEST_FAULT;

/// Nobody gets as far as to make a service.
class Factory final : public hangar::ServiceFactory {
 public:
  void fields(hangar::Fields&) override {
    if (fault == "fields_throw") throw std::runtime_error{"no fields"};
  }
  [[nodiscard]] bool enabled() const override { return true; }
  [[nodiscard]] hangar::Needs needs() const override { return {}; }
  [[nodiscard]] std::unique_ptr<hangar::Service> make(hangar::Context&) const override {
    throw std::logic_error{"a plugin that is refused was used"};
  }
};

hangar::ServiceFactory* make_factory() {
  if (fault == "factory_throws") throw std::runtime_error{"broken"};
  if (fault == "factory_throws_no_exception") throw 42;  // NOLINT: that is the fault
  if (fault == "no_factory") return nullptr;
  return new Factory;  // NOLINT: as the boundary says
}

constexpr hangar::Plugin description() {
  hangar::Plugin plugin;
  plugin.name = HANGAR_TEST_FAULT;
  plugin.version = "1.0.0";
  plugin.make_service = make_factory;
  if (fault == "no_kind") plugin.make_service = nullptr;
  if (fault == "no_name") plugin.name = nullptr;
  if (fault == "bad_name") plugin.name = "../bad";
  return plugin;
}

}  // namespace

HANGAR_PLUGIN(description());
