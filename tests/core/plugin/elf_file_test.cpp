#include "plugin/elf_file.hpp"

#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

namespace hangar {
namespace {

namespace fs = std::filesystem;

constexpr auto section [[gnu::section("hangar_elf_test"), gnu::used, gnu::retain]] =
    std::to_array("found");

/// This program, which has the form of a library, and copies of it.
class ElfFile : public ::testing::Test {
 protected:
  ElfFile() {
    std::stringstream bytes;
    bytes << std::ifstream{"/proc/self/exe", std::ios::binary}.rdbuf();
    whole_ = bytes.str();
  }
  ~ElfFile() override { fs::remove(path_); }
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  std::string refusal(std::string_view bytes) const {
    std::ofstream{path_, std::ios::binary} << bytes;
    return refuse_elf_file(path_).value_or("");
  }
  [[nodiscard]] std::string with(std::size_t at, char byte) const {
    std::string changed = whole_.substr(0, 100'000);
    changed[at] = byte;
    return changed;
  }

  std::string whole_;
  fs::path path_ = fs::temp_directory_path() / ("hangar-elf-" + std::to_string(::getpid()));
};

TEST_F(ElfFile, whole_one_is_taken) { EXPECT_EQ(refusal(whole_), ""); }

TEST_F(ElfFile, one_that_was_cut_short_anywhere_is_refused) {
  ASSERT_EQ(refusal(whole_), "");
  fs::resize_file(path_, whole_.size() - 1);
  EXPECT_NE(refuse_elf_file(path_), std::nullopt);
  for (std::size_t part = 99; part > 0; --part) {
    fs::resize_file(path_, whole_.size() * part / 100);
    const std::string said = refuse_elf_file(path_).value_or("");
    EXPECT_NE(said.find("cut short"), std::string::npos) << part << " %: " << said;
  }
}

TEST_F(ElfFile, one_for_another_machine_is_refused_and_says_so) {
  EXPECT_NE(refusal(with(EI_CLASS, ELFCLASS32)).find("32 bits"), std::string::npos);
  EXPECT_NE(refusal(with(EI_DATA, 3)).find("another kind of machine"), std::string::npos);
  EXPECT_NE(refusal(with(offsetof(Elf64_Ehdr, e_machine), '\x7f')).find("another kind of machine"),
            std::string::npos);
}

TEST_F(ElfFile, what_is_no_library_is_refused) {
  EXPECT_NE(refusal("").find("is no library"), std::string::npos);
  EXPECT_NE(refusal("#!/bin/sh\n" + std::string(100, '#')).find("is no library"),
            std::string::npos);
  EXPECT_NE(refusal(with(0, 'E')).find("is no library"), std::string::npos);
  EXPECT_NE(refusal(with(offsetof(Elf64_Ehdr, e_type), ET_REL)).find("is no library"),
            std::string::npos);
}

TEST_F(ElfFile, sizes_that_overflow_are_refused) {
  for (const std::size_t field : {offsetof(Elf64_Ehdr, e_shoff), offsetof(Elf64_Ehdr, e_phoff)}) {
    std::string changed = whole_;
    changed.replace(field, 8, 8, '\xff');
    EXPECT_NE(refusal(changed).find("cut short"), std::string::npos);
  }
}

TEST_F(ElfFile, section_is_read_by_its_name) {
  EXPECT_EQ(elf_section("/proc/self/exe", "hangar_elf_test", 100), std::string("found\0", 6));
  EXPECT_EQ(elf_section("/proc/self/exe", "hangar_elf_test", 3), "fou");
  EXPECT_EQ(elf_section("/proc/self/exe", "hangar_elf", 100), std::nullopt);
  EXPECT_EQ(elf_section("/proc/self/exe", "hangar_elf_test2", 100), std::nullopt);
  EXPECT_EQ(elf_section("/proc/self/exe", ".bss", 100), std::nullopt);
}

TEST_F(ElfFile, section_of_a_file_that_is_not_as_it_says_is_none_or_no_more_than_the_file_has) {
  for (const std::size_t field :
       {offsetof(Elf64_Ehdr, e_shoff), offsetof(Elf64_Ehdr, e_shentsize),
        offsetof(Elf64_Ehdr, e_shnum), offsetof(Elf64_Ehdr, e_shstrndx)}) {
    std::string changed = whole_;
    changed.replace(field, 2, 2, '\xff');
    std::ofstream{path_, std::ios::binary} << changed;
    EXPECT_EQ(elf_section(path_, "hangar_no_test", 100), std::nullopt) << field;
  }
  for (const std::size_t left : {0U, 10U, 64U, 1'000U}) {
    std::ofstream{path_, std::ios::binary} << whole_.substr(0, left);
    EXPECT_EQ(elf_section(path_, "hangar_elf_test", 100), std::nullopt) << left;
  }
}

}  // namespace
}  // namespace hangar
