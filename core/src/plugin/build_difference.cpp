#include "plugin/build_difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "hangar/build_tag.hpp"
#include "hangar/version.hpp"
#include "plugin/elf_file.hpp"

namespace hangar {
namespace {

struct Word {
  std::string_view name;  ///< In a build tag.
  std::string_view means;
  std::string_view remedy;  ///< What to build it again with.
};

constexpr std::array words{
    Word{"abi", "plugin ABI", "headers"},
    Word{"headers", "fingerprint of the public headers", "headers"},
    Word{"compiler", "compiler", "compiler"},
    Word{"library", "C++ standard library", "libraries"},
    Word{"string_abi", "string ABI (_GLIBCXX_USE_CXX11_ABI)", "flags"},
    Word{"debug_mode", "standard library debug mode (_GLIBCXX_DEBUG)", "flags"},
    Word{"boost", "Boost", "libraries"},
    Word{"asio", "Asio (BOOST_ASIO_SEPARATE_COMPILATION)", "flags"},
    Word{"sanitizer", "sanitizer (-fsanitize)", "flags"},
};

std::string_view value_of(std::string_view tag, std::string_view name) {
  while (!tag.empty()) {
    const std::string_view word = tag.substr(0, tag.find(' '));
    tag.remove_prefix(std::min(word.size() + 1, tag.size()));
    if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) {
      return word.substr(name.size() + 1);
    }
  }
  return "none";
}

bool is_build_tag(std::string_view text) {
  return text.starts_with("abi=") &&
         std::ranges::all_of(text, [](char letter) { return letter >= ' ' && letter <= '~'; });
}

}  // namespace

std::optional<std::string> build_difference(std::string_view plugin, std::string_view host) {
  if (plugin == host) return std::nullopt;
  std::string differences;
  std::string remedies;
  for (const auto& [name, means, remedy] : words) {
    const std::string_view theirs = value_of(plugin, name);
    const std::string_view ours = value_of(host, name);
    if (theirs == ours) continue;
    differences += fmt::format("{}its {} is {}, this host's is {}", differences.empty() ? "" : "; ",
                               means, theirs, ours);
    if (remedies.find(remedy) == std::string::npos) {
      remedies += fmt::format("{}{}", remedies.empty() ? "" : " and ", remedy);
    }
  }
  if (differences.empty()) {
    return fmt::format("built as {}, this host as {}: build it again with hangar {}", plugin, host,
                       version);
  }
  // Headers come first, and with a version of Hangar: that of the package hangar-dev.
  constexpr std::string_view headers = "headers";
  if (remedies.starts_with(headers)) {
    remedies.insert(headers.size(), fmt::format(" (hangar {})", version));
  }
  return fmt::format("{}: build it again with this host's {}", differences, remedies);
}

std::optional<std::string> build_tag_of(const std::filesystem::path& path) {
  constexpr std::size_t longest = 512;
  const auto section = elf_section(path, "hangar_build_tag", longest);
  std::string tag = section ? section->c_str() : "";  // To its first NUL.
  return is_build_tag(tag) ? std::optional{std::move(tag)} : std::nullopt;
}

std::optional<std::string> refuse_build(const std::filesystem::path& path) {
  const auto tag = build_tag_of(path);
  if (!tag) {
    return fmt::format(
        "carries no build tag: build it again with hangar {}, and end one source "
        "file of it with HANGAR_PLUGIN(...)",
        version);
  }
  return build_difference(*tag, build_tag);
}

}  // namespace hangar
