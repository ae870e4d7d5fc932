#include "host/settings_reload.hpp"

#include <gtest/gtest.h>

#include "config/workbench.hpp"

namespace hangar {
namespace {

using Paths = std::vector<std::string>;

Paths changed(const Workbench& before, const Workbench& after) {
  return changed_settings(before.sections, after.sections);
}

TEST(SettingsReload, what_changed_is_named_by_its_path) {
  const Workbench before;
  Workbench after;
  EXPECT_EQ(changed(before, after), Paths{});
  after.host.nats.replicas = 3;
  after.host.nats.password = Secret{"x"};
  after.sample.delays = {Duration{1}};
  after.sample.format = "json";
  EXPECT_EQ(changed(before, after), (Paths{"nats.password", "nats.replicas",
                                           "services.sample.delays", "services.sample.format"}));
}

TEST(SettingsReload, a_password_in_a_url_is_no_change_for_it_is_read_for_each_connection) {
  Workbench before;
  Workbench after;
  before.host.storage.url.value = "postgresql://me:one@h/d";
  after.host.storage.url.value = "postgresql://me:two@h/d";
  EXPECT_EQ(changed(before, after), Paths{});
  after.host.storage.url.value = "postgresql://me:two@elsewhere/d";
  EXPECT_EQ(changed(before, after), Paths{"storage.url"});
}

TEST(SettingsReload, the_settings_of_a_service_that_came_or_went_have_changed) {
  const Workbench before;
  Workbench after;
  after.sections.services.erase("plain");
  const Paths gone = changed(before, after);
  EXPECT_EQ(gone.size(), changed(after, before).size());
  ASSERT_FALSE(gone.empty());
  for (const std::string& path : gone) EXPECT_TRUE(path.starts_with("services.plain.")) << path;
}

}  // namespace
}  // namespace hangar
