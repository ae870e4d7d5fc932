#include "connection.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "hangar/error.hpp"
#include "sqlstate.hpp"
#include "statements.hpp"

namespace hangar::postgres {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using enum TransientError::Retry;

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

/// Without the lines that name places in PostgreSQL's source.
std::string readable(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    // The second word of the label is translated, the file's name is not.
    const bool place = line.find(".c:") != line.npos && line.find(", ") != line.npos;
    if (!place && !line.empty()) kept += fmt::format("{}{}", kept.empty() ? "" : "; ", line);
  }
  return kept;
}

[[noreturn]] void refused(const ConnectionOptions& options, const PGconn* connection) {
  const auto sslmode = options.find("sslmode");
  const bool verifies = sslmode != options.end() && sslmode->second.starts_with("verify");
  raise_refused_connection(readable(PQerrorMessage(connection)), verifies);
}

void receive_notice(void* warned, const PGresult* notice) {
  const std::string_view code = field(notice, PG_DIAG_SQLSTATE);
  // 57P01 is the server's other way to stop waiting for a synchronous standby.
  if (code == "01000" || code == "57P01") *static_cast<bool*>(warned) = true;
}

Failure failure(const PGresult* result) {
  const std::string_view context = field(result, PG_DIAG_CONTEXT);
  const std::string_view source_function = field(result, PG_DIAG_SOURCE_FUNCTION);
  return {.sqlstate = std::string{field(result, PG_DIAG_SQLSTATE)},
          .message = std::string{field(result, PG_DIAG_MESSAGE_PRIMARY)},
          .table = std::string{field(result, PG_DIAG_TABLE_NAME)},
          .column = std::string{field(result, PG_DIAG_COLUMN_NAME)},
          .constraint = std::string{field(result, PG_DIAG_CONSTRAINT_NAME)},
          .reason = reason_by_signs(field(result, PG_DIAG_SQLSTATE), source_function,
                                    field(result, PG_DIAG_MESSAGE_DETAIL)),
          .place = place_of(context, source_function,
                            field(result, PG_DIAG_SEVERITY_NONLOCALIZED) != "ERROR"),
          .function = std::string{function_in(context)}};
}

}  // namespace

std::size_t rows_of(const Result& result) {
  const std::string_view digits{PQcmdTuples(result.get())};
  std::size_t rows = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), rows);
  return rows;
}

Handle connect(const ConnectionOptions& options) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : options) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  const Clock::time_point start = Clock::now();
  Handle handle{PQconnectdbParams(keywords.data(), values.data(), 0)};
  if (!handle) throw TransientError{"PostgreSQL: connect: out of memory", reconnect};
  if (PQstatus(handle.get()) != CONNECTION_OK && Clock::now() - start < 1s) {
    // libpq gives no SQLSTATE of a refused connection, only text in the server's language; its
    // verbose form has the code, but can be asked for only now.
    PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE);
    PQreset(handle.get());
  }
  if (PQstatus(handle.get()) != CONNECTION_OK) refused(options, handle.get());
  PQsetErrorVerbosity(handle.get(), PQERRORS_DEFAULT);
  return handle;
}

Connection::Connection(const ConnectionOptions& options, std::chrono::milliseconds patience)
    : handle_{connect(options)}, patience_{patience} {
  PQsetNoticeReceiver(handle_.get(), receive_notice, warned_.get());
  if (PQsetnonblocking(handle_.get(), 1) != 0 || PQenterPipelineMode(handle_.get()) != 1) {
    lost(PQerrorMessage(handle_.get()));
  }
}

bool Connection::usable() noexcept {
  if (!handle_) return false;
  // A server that closed the connection while nobody used it said why first, so one read does not
  // reach the end.
  constexpr int reads = 3;
  pollfd ready{PQsocket(handle_.get()), POLLIN, 0};
  for (int i = 0; i < reads && poll(&ready, 1, 0) == 1; ++i) PQconsumeInput(handle_.get());
  return PQstatus(handle_.get()) == CONNECTION_OK &&
         PQtransactionStatus(handle_.get()) == PQTRANS_IDLE;
}

void Connection::send(const std::string& statement) {
  Parameters none;
  send(statement, none);
}

void Connection::send(const std::string& statement, Parameters& parameters) {
  if (!handle_) lost("not connected");
  constexpr int binary = 1;
  const int sent =
      PQsendQueryParams(handle_.get(), statement.c_str(), parameters.count(), nullptr,
                        parameters.values(), parameters.lengths(), parameters.formats(), binary);
  if (sent != 1) lost(PQerrorMessage(handle_.get()));
  ++sent_;
  flush();
}

std::vector<Result> Connection::finish(std::string_view doing, std::string_view needs) {
  if (!handle_) lost("not connected");
  if (PQpipelineSync(handle_.get()) != 1) lost(PQerrorMessage(handle_.get()));
  flush();
  std::vector<Result> results;
  Result failed;
  bool ended = false;
  while (true) {
    Result result = next(Clock::now() + patience_);
    if (!result) {
      // Once it is the end of a statement; twice, there is nothing more to come.
      if (std::exchange(ended, true) || PQstatus(handle_.get()) == CONNECTION_BAD) break;
      continue;
    }
    ended = false;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    const bool first_failure = status == PGRES_FATAL_ERROR && !failed;
    if (first_failure) done_before_failure_ = results.size();
    Result& kept = first_failure ? failed : results.emplace_back();
    kept = std::move(result);
  }
  const std::size_t sent = std::exchange(sent_, 0);
  if (failed && !field(failed.get(), PG_DIAG_SQLSTATE).empty()) {
    Failure why = failure(failed.get());
    // A policy of row-level security refuses with the same code, which no GRANT mends.
    // One that a function lacks is not of this table.
    const bool lacks_privilege = field(failed.get(), PG_DIAG_SOURCE_FUNCTION) == "aclcheck_error";
    if (lacks_privilege && why.place == Place::statement && !needs.empty()) {
      why.grant = fmt::format("GRANT {} TO {}", needs, quoted_identifier(PQuser(handle_.get())));
    }
    if (PQstatus(handle_.get()) == CONNECTION_BAD) handle_.reset();
    raise(doing, why);
  }
  if (failed || results.size() != sent) lost(PQerrorMessage(handle_.get()));
  return results;
}

// libpq has no COPY in pipeline mode.
void Connection::begin_copy(const std::string& statement, std::string_view doing) {
  if (!handle_) lost("not connected");
  if (sent_ > 0) throw std::logic_error{"a COPY within a round trip"};
  if (PQexitPipelineMode(handle_.get()) != 1 ||
      PQsendQuery(handle_.get(), statement.c_str()) != 1) {
    lost(PQerrorMessage(handle_.get()));
  }
  flush();
  take_results(PGRES_COPY_IN, doing);
}

void Connection::write_copy(std::string_view bytes) {
  const Clock::time_point deadline = Clock::now() + patience_;
  const auto length = static_cast<int>(bytes.size());
  int written = 0;
  while ((written = PQputCopyData(handle_.get(), bytes.data(), length)) == 0) {
    wait(true, deadline);
    PQflush(handle_.get());
  }
  if (written < 0) lost(PQerrorMessage(handle_.get()));
  flush();
}

void Connection::close_copy(const char* fault) {
  const Clock::time_point deadline = Clock::now() + patience_;
  int ended = 0;
  while ((ended = PQputCopyEnd(handle_.get(), fault)) == 0) wait(true, deadline);
  if (ended < 0) lost(PQerrorMessage(handle_.get()));
  flush();
}

std::size_t Connection::end_copy(std::string_view doing, std::string_view table) {
  close_copy(nullptr);
  return take_results(PGRES_FATAL_ERROR, doing, table);
}

void Connection::abandon_copy() {
  close_copy("a row cannot be sent");
  try {
    take_results(PGRES_FATAL_ERROR, "abandon a copy", {});
  } catch (const Error&) {
    // Else it is what was told to the server.
    if (!handle_ || PQstatus(handle_.get()) != CONNECTION_OK) throw;
  }
}

std::size_t Connection::take_results(ExecStatusType up_to, std::string_view doing,
                                     std::string_view table) {
  Result failed;
  std::size_t written = 0;
  while (Result result = next(Clock::now() + patience_)) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR) {
      failed = std::move(result);
    } else if (status == up_to) {
      return 0;
    } else {
      written = rows_of(result);
    }
  }
  if (PQstatus(handle_.get()) == CONNECTION_OK && PQenterPipelineMode(handle_.get()) != 1) {
    lost(PQerrorMessage(handle_.get()));
  }
  if (!failed && PQstatus(handle_.get()) == CONNECTION_OK) return written;
  if (!failed || field(failed.get(), PG_DIAG_SQLSTATE).empty()) lost(PQerrorMessage(handle_.get()));
  if (PQstatus(handle_.get()) == CONNECTION_BAD) handle_.reset();
  Failure told = failure(failed.get());
  told.row = copied_row(field(failed.get(), PG_DIAG_CONTEXT), table);
  raise(doing, told);
}

bool Connection::take_warning() noexcept { return std::exchange(*warned_, false); }

void Connection::flush() {
  const Clock::time_point deadline = Clock::now() + patience_;
  for (int left = PQflush(handle_.get()); left != 0; left = PQflush(handle_.get())) {
    if (left < 0) return;  // what the server said last is still to be read
    wait(true, deadline);
  }
}

void Connection::wait(bool writable, Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  if (PQsocket(handle_.get()) < 0) lost(PQerrorMessage(handle_.get()));
  pollfd ready{PQsocket(handle_.get()), static_cast<short>(writable ? POLLIN | POLLOUT : POLLIN),
               0};
  const int count = left > 0ms ? poll(&ready, 1, static_cast<int>(left.count())) : 0;
  if (count == 0) lost(fmt::format("no answer for {} ms", patience_.count()));
  if (count < 0 && errno != EINTR) lost("poll failed");
  if (count > 0 && (ready.revents & ~POLLOUT) != 0) PQconsumeInput(handle_.get());
}

Result Connection::next(Deadline deadline) {
  while (PQisBusy(handle_.get()) == 1) wait(false, deadline);
  return Result{PQgetResult(handle_.get())};
}

void Connection::lost(std::string_view why) {
  const std::string text = fmt::format("PostgreSQL: the connection is lost: {}", readable(why));
  handle_.reset();
  throw TransientError{text, reconnect};
}

}  // namespace hangar::postgres
