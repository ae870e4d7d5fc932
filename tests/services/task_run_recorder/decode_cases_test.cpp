#include <gtest/gtest.h>

#include <charconv>
#include <memory_resource>
#include <sstream>

#include "decode_case.hpp"
#include "event_decoder.hpp"
#include "postgres_limits.hpp"
#include "run_name.hpp"

namespace hangar::recorder::test {
namespace {

/// What stands in a recorded case for a name that the reference draws at random.
constexpr std::string_view any_name = "generated-name";

std::string differences(const ShownRow& want, const ShownRow& have) {
  std::ostringstream out;
  for (const auto& [column, value] : want) {
    const auto found = have.find(column);
    if (found == have.end()) {
      out << "\n  " << column << ": absent instead of " << value.substr(0, 400);
    } else if (found->second != value) {
      out << "\n  " << column << ": " << found->second.substr(0, 400) << " instead of "
          << value.substr(0, 400);
    }
  }
  for (const auto& [column, value] : have) {
    if (!want.contains(column)) out << "\n  " << column << ": " << value << " instead of absent";
  }
  return out.str();
}

/// The one form of a value that the reference stores and Hangar cannot: its intervals are 64 bits
/// of microseconds, PostgreSQL's reach 999,999,999 days and more.
bool is_beyond_intervals(const DecodeCase& one) {
  const auto found = one.run.find("total_run_time");
  if (found == one.run.end()) return false;
  std::int64_t microseconds = 0;
  const std::string& text = found->second;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), microseconds);
  return read.ec != std::errc{} || read.ptr != text.data() + text.size();
}

std::string check(const DecodeCase& one, EventDecoder& decoder, Timestamp now) {
  std::pmr::monotonic_buffer_resource texts;
  try {
    const auto event = decoder.decode(one.message, now, texts);
    // Recorded with no run stored, where it would be written.
    const bool refused = event && !event->too_long_for_index.empty();
    if (one.verdict == DecodeCase::Verdict::rejected) return refused ? "" : "taken: " + one.error;
    if (refused) return "refused for an index";
    if (!event) return one.verdict == DecodeCase::Verdict::skipped ? "" : "skipped";
    if (one.verdict == DecodeCase::Verdict::skipped) return "recorded instead of skipped";
    ShownRow run = one.run;
    const auto name = run.find("name");
    if (name != run.end() && name->second == any_name) {
      name->second = generated_name(event->run_id);
    }
    return differences(run, show_run(*event)) + differences(one.state, show_state(*event));
  } catch (const DataError& error) {
    if (one.verdict == DecodeCase::Verdict::rejected) return "";
    if (is_beyond_intervals(one) && error.reason() == "out_of_range") return "";
    return "refused with " + error.reason() + ": " + error.what();
  }
}

TEST(DecodeCases, every_verdict_and_every_cell_is_the_references) {
  const auto recorded = read_decode_cases(std::filesystem::path{DECODE_CASES});
  ASSERT_GT(recorded.cases.size(), 1000U);
  EventDecoder decoder;
  decoder.fit(postgres_limits);
  std::size_t wrong = 0;
  for (const DecodeCase& one : recorded.cases) {
    const std::string fault = check(one, decoder, recorded.now);
    if (fault.empty()) continue;
    ++wrong;
    if (wrong <= 60) {
      ADD_FAILURE() << "line " << one.line << ": " << fault << "\n  in "
                    << one.message.substr(0, 1500);
    }
  }
  EXPECT_EQ(wrong, 0U) << "of " << recorded.cases.size() << " cases";
}

}  // namespace
}  // namespace hangar::recorder::test
