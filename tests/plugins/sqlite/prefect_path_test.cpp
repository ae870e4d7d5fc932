#include "prefect_path.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "hangar/error.hpp"

namespace hangar::sqlite {
namespace {

using Variables = std::map<std::string, std::string>;

const std::string server = "PREFECT_SERVER_DATABASE_";

TEST(PrefectPath, is_the_one_that_prefect_builds) {
  const Variables::value_type driver{server + "DRIVER", "sqlite+aiosqlite"};
  const std::pair<Variables, std::string> cases[] = {
      {{}, "(none)"},
      {{{server + "NAME", "/x.db"}}, "(none)"},
      {{{server + "DRIVER", "postgresql+asyncpg"}, {server + "NAME", "x"}}, "(none)"},
      {{driver, {server + "NAME", "/x.db"}}, "sqlite+aiosqlite:////x.db"},
      {{driver, {"PREFECT_API_DATABASE_NAME", "x.db"}}, "sqlite+aiosqlite:///x.db"},
      {{driver, {"HOME", "/me"}}, "sqlite+aiosqlite:////me/.prefect/prefect.db"},
      {{driver, {"PREFECT_HOME", "/p"}}, "sqlite+aiosqlite:////p/prefect.db"},
      {{driver, {"PREFECT_HOME", "~/p"}, {"HOME", "/me"}}, "sqlite+aiosqlite:////me/p/prefect.db"},
      {{driver, {"PREFECT_API_DATABASE_CONNECTION_URL", "sqlite+aiosqlite:///y.db"}},
       "sqlite+aiosqlite:///y.db"},
      {{driver, {server + "CONNECTION_URL", "postgresql+asyncpg://a/b"}}, "(none)"},
  };
  for (const auto& [variables, url] : cases) {
    OtherVariables others{variables};
    EXPECT_EQ(prefect_path(others).value_or("(none)"), url);
  }
}

TEST(PrefectPath, prefects_folder_without_a_home_is_an_error) {
  const Variables variables{{server + "DRIVER", "sqlite+aiosqlite"}};
  OtherVariables others{variables};
  EXPECT_THROW(static_cast<void>(prefect_path(others)), ConfigError);
}

}  // namespace
}  // namespace hangar::sqlite
