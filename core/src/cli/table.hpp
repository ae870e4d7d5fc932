#pragma once

#include <boost/json/array.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"

namespace hangar {

/// Columns for a person: a heading, a line for each row, two spaces between. Control characters are
/// escaped.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  void add(std::vector<std::string> row);
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Prints `rows` as JSON, or the table.
void print(cli::Output output, const boost::json::array& rows, const TextTable& table);

}  // namespace hangar
