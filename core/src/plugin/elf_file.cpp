#include "plugin/elf_file.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>

namespace hangar {
namespace {

using Header = Elf64_Ehdr;
using Segment = Elf64_Phdr;
using Section = Elf64_Shdr;

#if defined(__x86_64__)
constexpr std::uint16_t this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t this_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t this_machine = EM_RISCV;
#else
#error "Name this machine as ELF does"
#endif
constexpr unsigned char this_order =
    std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

template <class T>
bool read(std::ifstream& file, std::uint64_t at, T& into) {
  file.seekg(static_cast<std::streamoff>(at));
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how a stream fills an object
  file.read(reinterpret_cast<char*>(&into), sizeof into);
  return file.good();
}

/// As many of the bytes as the file has.
std::string read_text(std::ifstream& file, std::uint64_t at, std::size_t most) {
  std::string text(most, '\0');
  file.seekg(static_cast<std::streamoff>(at));
  file.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(file.gcount()));
  file.clear();  // The end of the file was in the way of no other part.
  return text;
}

bool within(std::uint64_t at, std::uint64_t length, std::uint64_t size) {
  return at <= size && length <= size - at;
}

std::string_view refuse_header(const Header& header) {
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return "is no library";
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return "is a library for 32 bits, this host has 64";
  if (header.e_ident[EI_DATA] != this_order || header.e_machine != this_machine) {
    return "is a library for another kind of machine";
  }
  if (header.e_type != ET_DYN || header.e_phentsize != sizeof(Segment)) return "is no library";
  return {};
}

bool is_whole(std::ifstream& file, const Header& header, std::uint64_t size) {
  if (!within(header.e_shoff, std::uint64_t{header.e_shnum} * header.e_shentsize, size)) {
    return false;
  }
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    Segment segment{};
    if (!within(header.e_phoff, (i + 1) * sizeof segment, size)) return false;
    if (!read(file, header.e_phoff + i * sizeof segment, segment)) return false;
    if (segment.p_type == PT_LOAD && !within(segment.p_offset, segment.p_filesz, size)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<std::string> refuse_elf_file(const std::filesystem::path& path) {
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(path, failed);
  std::ifstream file{path, std::ios::binary};
  if (failed || !file) return fmt::format("{} cannot be read", path.string());
  Header header{};
  if (!read(file, 0, header)) return fmt::format("{} is no library", path.string());
  if (const auto why = refuse_header(header); !why.empty()) {
    return fmt::format("{} {}", path.string(), why);
  }
  if (!is_whole(file, header, size)) {
    return fmt::format("{} was cut short: copy it again", path.string());
  }
  return std::nullopt;
}

std::optional<std::string> elf_section(const std::filesystem::path& path, std::string_view name,
                                       std::size_t most) {
  std::ifstream file{path, std::ios::binary};
  Header header{};
  if (!read(file, 0, header) || header.e_shentsize != sizeof(Section)) return std::nullopt;
  const auto section_at = [&](std::uint64_t number, Section& section) {
    return number < header.e_shnum && read(file, header.e_shoff + number * sizeof section, section);
  };
  Section names{};
  if (!section_at(header.e_shstrndx, names)) return std::nullopt;
  Section section{};
  for (std::uint64_t i = 0; section_at(i, section); ++i) {
    if (section.sh_type == SHT_NOBITS || section.sh_name >= names.sh_size) continue;
    const std::uint64_t at = names.sh_offset + section.sh_name;
    if (read_text(file, at, name.size() + 1) != std::string{name} + '\0') continue;
    return read_text(file, section.sh_offset, std::min<std::uint64_t>(most, section.sh_size));
  }
  return std::nullopt;
}

}  // namespace hangar
