#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connection_options.hpp"
#include "parameters.hpp"

namespace hangar::postgres {

struct FinishConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
using Handle = std::unique_ptr<PGconn, FinishConnection>;

struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

/// How many rows the statement of this result wrote or returned.
[[nodiscard]] std::size_t rows_of(const Result& result);
[[nodiscard]] inline std::string_view value(const PGresult* result, int row, int column) {
  return {PQgetvalue(result, row, column),
          static_cast<std::size_t>(PQgetlength(result, row, column))};
}

/// Connects, blocking for the connect timeout of each host at most. Throws TransientError:
/// `when_answerable` if the server answered and will not have us, else `reconnect`.
[[nodiscard]] Handle connect(const ConnectionOptions& options);

/// A libpq connection in pipeline mode, where any number of statements cost one round trip. libpqxx
/// has neither parameters in a pipeline nor binary results nor a deadline for an answer.
///
/// Not thread-safe. After an exception other than DataError and a TransientError that says
/// otherwise, `usable()` tells whether the connection can still be used.
class Connection {
 public:
  /// `patience` is how long the server may be silent, or take nothing, before it counts as gone.
  Connection(const ConnectionOptions& options, std::chrono::milliseconds patience);

  /// Whether the connection stands, as far as this side knows, and no transaction is open.
  [[nodiscard]] bool usable() noexcept;

  /// Sends a statement without waiting for its result, at most for the socket to take it.
  void send(const std::string& statement);
  void send(const std::string& statement, Parameters& parameters);

  /// Ends the round trip: the results of all statements sent, in order. When one failed, the later
  /// ones were not executed and its failure is thrown as `raise` does.
  /// A privilege that is missing is named with `needs`, such as `SELECT, INSERT ON task_run`.
  std::vector<Result> finish(std::string_view doing, std::string_view needs = {});
  /// How many statements of the last round trip that failed went before the one that did.
  [[nodiscard]] std::size_t done_before_failure() const noexcept { return done_before_failure_; }

  /// Begins a COPY from this side; `statement` is executed as it is. One round trip. Then comes any
  /// number of `write_copy`, which wait for the socket alone, and `end_copy`, one round trip, which
  /// returns how many rows were written. Throws as `finish` does, and names the row where `table`
  /// refused one.
  void begin_copy(const std::string& statement, std::string_view doing);
  void write_copy(std::string_view bytes);
  std::size_t end_copy(std::string_view doing, std::string_view table);
  /// Instead of `end_copy`: nothing is written, and the transaction has failed.
  void abandon_copy();

  /// Whether the server warned since the last call that something is not as durable as asked for.
  [[nodiscard]] bool take_warning() noexcept;

 private:
  void close_copy(const char* fault);
  using Deadline = std::chrono::steady_clock::time_point;
  void flush();
  void wait(bool writable, Deadline deadline);
  Result next(Deadline deadline);
  /// Takes results up to one with the status, or all of them, and returns how many rows the last
  /// one wrote; throws what failed among them.
  std::size_t take_results(ExecStatusType up_to, std::string_view doing,
                           std::string_view table = {});
  [[noreturn]] void lost(std::string_view why);

  Handle handle_;
  std::chrono::milliseconds patience_;
  std::size_t sent_ = 0;
  std::size_t done_before_failure_ = 0;
  // The notice receiver holds its address, which must not move with this object.
  std::unique_ptr<bool> warned_ = std::make_unique<bool>(false);
};

}  // namespace hangar::postgres
