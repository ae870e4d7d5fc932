#pragma once

#include <boost/json/array.hpp>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.hpp"

namespace hangar {

/// Columns for a person: a heading, a line for each row, two spaces between. Control characters are
/// escaped. Where the lines are wider than the terminal, the widest columns are made narrower,
/// those of texts first, and their cells take several lines.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  void add(std::vector<std::string> row);
  /// Of so many characters a line; 0: as many as it takes.
  void print(std::ostream& out, std::size_t width = 0) const;
  void print_to_standard_output() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// The parts of a text that have at most so many characters each, and end at spaces where they can.
std::vector<std::string> wrapped(std::string_view text, std::size_t most);

/// Prints `rows` as JSON, or the table.
void print(cli::Output output, const boost::json::array& rows, const TextTable& table);

}  // namespace hangar
