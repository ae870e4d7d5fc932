#include "cli/table.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <numeric>
#include <utility>

#include "cli/terminal.hpp"
#include "log/stderr_log.hpp"

namespace hangar {
namespace {

constexpr std::size_t between = 2;           // spaces
constexpr std::size_t narrowest_column = 8;  // that a terminal makes

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

/// Characters on a terminal, taking every code point as one.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

/// Of the longest word, but not less than a column is made.
std::size_t least_width_of(std::string_view text) {
  std::size_t longest = narrowest_column;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    longest = std::max(longest, width_of(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return longest;
}

/// Takes from the widest columns that are wider than their least width until a line has the width.
void make_narrower(std::vector<std::size_t>& widths, const std::vector<std::size_t>& least,
                   std::size_t width) {
  std::size_t line = std::accumulate(widths.begin(), widths.end(), between * (widths.size() - 1));
  for (; line > width; --line) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] > least[i] && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) return;
    --*widest;
  }
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t most) {
  std::vector<std::string> parts;
  while (width_of(text) > most) {
    std::size_t end = 0;  // of as many characters
    for (std::size_t seen = 0; !begins_character(text[end]) || seen++ < most; ++end) {
    }
    const std::size_t space = text.substr(0, end + 1).rfind(' ');
    const bool at_space = space != std::string_view::npos && space > 0;
    parts.emplace_back(text.substr(0, at_space ? space : end));
    text.remove_prefix(at_space ? space + 1 : end);
  }
  parts.emplace_back(text);
  return parts;
}

void TextTable::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = printable(cell);
  rows_.push_back(std::move(row));
}

void TextTable::print(std::ostream& out, std::size_t width) const {
  std::vector<std::size_t> widths(rows_.front().size());
  std::vector<std::size_t> least(widths.size(), narrowest_column);
  std::vector<std::size_t> words = least;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
      words[i] = std::max(words[i], least_width_of(row[i]));
    }
  }
  if (width > 0) {
    make_narrower(widths, words, width);
    make_narrower(widths, least, width);  // where that was not enough, words are parted
  }
  for (const auto& row : rows_) {
    std::vector<std::vector<std::string>> cells;
    std::size_t lines = 1;
    for (std::size_t i = 0; i < row.size(); ++i) {
      lines = std::max(lines, cells.emplace_back(wrapped(row[i], widths[i])).size());
    }
    for (std::size_t line = 0; line < lines; ++line) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string text = line < cells[i].size() ? cells[i][line] : std::string{};
        out << text;
        if (i + 1 < row.size()) out << std::string(widths[i] - width_of(text) + between, ' ');
      }
      out << '\n';
    }
  }
}

void TextTable::print_to_standard_output() const { print(std::cout, cli::standard_output().width); }

void print(cli::Output output, const boost::json::array& rows, const TextTable& table) {
  if (output == cli::Output::table) return table.print_to_standard_output();
  std::cout << boost::json::serialize(rows) << '\n';
}

}  // namespace hangar
