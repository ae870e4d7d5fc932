#include "cli/table.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <utility>

#include "log/stderr_log.hpp"

namespace hangar {
namespace {

/// Characters on a terminal, taking every code point as one.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

void TextTable::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = printable(cell);
  rows_.push_back(std::move(row));
}

void TextTable::print(std::ostream& out) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out << row[i];
      if (i + 1 < row.size()) out << std::string(widths[i] - width(row[i]) + 2, ' ');
    }
    out << '\n';
  }
}

void print(cli::Output output, const boost::json::array& rows, const TextTable& table) {
  if (output == cli::Output::table) return table.print(std::cout);
  std::cout << boost::json::serialize(rows) << '\n';
}

}  // namespace hangar
