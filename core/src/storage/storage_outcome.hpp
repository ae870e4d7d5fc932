#pragma once

#include <array>
#include <string_view>

namespace hangar {

/// How one attempt at a storage operation ended.
struct StorageOutcome {
  /// `background`: a transaction on a lane that no message waits for.
  enum class Operation { prepare, transact, background };
  static constexpr std::array<std::string_view, 3> operations{"prepare", "transact", "background"};

  /// Beside `done` the retries of a TransientError, a DataError, and any other exception.
  enum class Result {
    done,
    at_once,
    conflict,
    backoff,
    locked,
    reconnect,
    when_answerable,
    unknown,
    data,
    other
  };
  static constexpr std::array<std::string_view, 10> results{
      "done",      "at_once",         "conflict", "backoff", "locked",
      "reconnect", "when_answerable", "unknown",  "data",    "other"};

  Operation operation = Operation::transact;
  Result result = Result::done;
  double seconds = 0;
  std::string_view error{};  ///< Empty when done.
};

/// Whether the storage could not answer at all; a lost race or a bad row is an answer.
constexpr bool is_outage(StorageOutcome::Result result) {
  using enum StorageOutcome::Result;
  return result == backoff || result == locked || result == reconnect ||
         result == when_answerable || result == unknown;
}

}  // namespace hangar
