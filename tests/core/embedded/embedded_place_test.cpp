#include "embedded/embedded_place.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace hangar {
namespace {

TEST(EmbeddedPlace, a_path_is_written_so_that_nats_server_reads_the_same) {
  const std::pair<const char*, const char*> written[] = {
      {"/a b", R"("/a b")"},         {"/a\"b", R"("/a\"b")"},   {"/a\\b", R"("/a\\b")"},
      {"/a\\", R"("/a\\")"},         {"/a\nb", R"("/a\x0Ab")"}, {"/a\tb", R"("/a\x09b")"},
      {"/$HOME#'", R"("/$HOME#'")"}, {"/\x7F", R"("/\x7F")"},   {"/\xC3\xA4", "\"/\xC3\xA4\""},
  };
  for (const auto& [path, text] : written) EXPECT_EQ(nats_string(path), text);
}

}  // namespace
}  // namespace hangar
