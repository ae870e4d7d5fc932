#include "admin/page.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "text/base64.hpp"

namespace hangar {
namespace {

/// The hash by which a policy knows what stands in the page's only element of that name.
std::string hash_of(std::string_view element) {
  const std::string begin = fmt::format("<{}>", element);
  const std::size_t at = page_text().find(begin) + begin.size();
  const auto text = page_text().substr(at, page_text().find(fmt::format("</{}>", element)) - at);
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  return fmt::format("'sha256-{}'",
                     encode_base64(std::string{bytes.begin(), bytes.begin() + size}));
}

}  // namespace

HttpReply page_reply() {
  std::string policy = fmt::format(
      "default-src 'none'; style-src {}; script-src {}; img-src data:; connect-src 'self'; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      hash_of("style"), hash_of("script"));
  return {.type = "text/html; charset=utf-8",
          .body = std::string{page_text()},
          .headers = {{"Content-Security-Policy", std::move(policy)}}};
}

}  // namespace hangar
