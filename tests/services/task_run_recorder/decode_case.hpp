#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hangar/storage.hpp"
#include "task_run_event.hpp"

namespace hangar::recorder::test {

/// The cells of a row by column name, each as the text that the recorded cases use.
using ShownRow = std::map<std::string, std::string>;

/// What the reference made of one message, as `record_decode_cases.py` wrote it down.
struct DecodeCase {
  std::size_t line = 0;
  std::string message;
  enum class Verdict { recorded, skipped, rejected } verdict = Verdict::recorded;
  std::string error;
  ShownRow run;
  ShownRow state;
};

struct DecodeCases {
  Timestamp now;
  std::vector<DecodeCase> cases;
};

DecodeCases read_decode_cases(const std::filesystem::path& file);

/// The cells that are not absent.
ShownRow show_row(const Table& table, std::span<const Cell> cells);
ShownRow show_run(const TaskRunEvent& event);
/// The details of its state as the fold would write them.
std::string details_of(const TaskRunEvent& event);
ShownRow show_state(const TaskRunEvent& event);

}  // namespace hangar::recorder::test
